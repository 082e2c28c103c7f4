using LatentDiffusion.Data;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Tests.Data;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Text;
using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines.Conditions;

public sealed class SampleConditionsTests : IDisposable
{
    private readonly LatentDiffusionModel _model = new(SmallModels.Pixels);

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Samples_have_the_classes_of_the_real_images_in_their_shares()
    {
        using var conditional = new LatentDiffusionModel(
            SmallModels.Pixels with
            {
                Conditioner = new ClassLabelConfig(),
                Classes = ["c", "b", "a", "z"],
            }
        );
        using var foreign = new LatentDiffusionModel(
            SmallModels.Pixels with
            {
                Conditioner = new ClassLabelConfig(),
                Classes = ["x", "y"],
            }
        );
        var source = new MemorySource(6);

        Assert.Equal([2, 1, 0, 2, 1, 0], SampleConditions.Like(conditional, source, 6).Select(input => input.ClassId));
        Assert.Equal(
            [2, 2, 1, 1, 0, 0, 2, 2, 1, 1, 0, 0],
            SampleConditions.Like(conditional, source, 12).Select(input => input.ClassId)
        );
        Assert.Equal([0, 1, 0], SampleConditions.Like(foreign, source, 3).Select(input => input.ClassId));
        Assert.Equal([null, null], SampleConditions.Like(_model, source, 2).Select(input => input.ClassId));
    }

    [Fact]
    public void Samples_of_a_text_model_have_the_captions_of_the_real_images()
    {
        using var folder = new Support.TemporaryFolder();
        using var model = new LatentDiffusionModel(
            SmallModels.Pixels with
            {
                Unet = SmallModels.Pixels.Unet with { UseSpatialTransformer = true, ContextDim = 8 },
                Conditioner = new TextTransformerConfig
                {
                    Tokenizer = SmallVocabulary.Write(folder["vocab.txt"]),
                    EmbedDim = 8,
                    Depth = 1,
                },
            }
        );

        var inputs = SampleConditions.Like(model, new MemorySource(6), 3);

        Assert.Equal(
            ["caption 0", "caption 2", "caption 4"],
            inputs.Select(input => Assert.Single(input.Prompt!.Parts).Text)
        );
    }

    [Fact]
    public void A_model_is_told_only_what_it_reads_of_an_image()
    {
        var images = new ImageDataset(new MemorySource(6), new ImageTransform(8), seed: 0, cacheBytes: 0);
        var record = images.Source.Describe(2);
        var text = new TextTransformerConfig
        {
            Tokenizer = new TokenIdsConfig { VocabularySize = 20 },
            EmbedDim = 8,
            Depth = 1,
        };

        Assert.Equal((null, null), Told(null));
        Assert.Equal((record.ClassId, null), Told(new ClassLabelConfig()));
        Assert.Equal((null, record.Caption), Told(text));

        (int?, string?) Told(ConditionerConfig? conditioner)
        {
            var input = SampleConditions.Of(conditioner, images, 2);
            return (input.ClassId, input.Prompt?.Source);
        }
    }
}
