using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Tests.Data;
using LatentDiffusion.Tests.Text;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines.Conditions;

public sealed class SampleConditionsTests : IDisposable
{
    private static readonly LatentDiffusionModelConfig Unconditional = new()
    {
        FirstStage = new IdentityConfig(),
        ImageSize = 8,
        Unet = new UnetConfig
        {
            InChannels = 3,
            OutChannels = 3,
            ModelChannels = 32,
            ChannelMult = [1],
            NumResBlocks = 1,
            NumHeads = 1,
        },
    };

    private readonly LatentDiffusionModel _model = new(Unconditional);

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Samples_have_the_classes_of_the_real_images_in_their_shares()
    {
        using var conditional = new LatentDiffusionModel(
            Unconditional with
            {
                Conditioner = new ClassLabelConfig(),
                Classes = ["c", "b", "a", "z"],
            }
        );
        using var foreign = new LatentDiffusionModel(
            Unconditional with
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
            Unconditional with
            {
                Unet = Unconditional.Unet with { UseSpatialTransformer = true, ContextDim = 8 },
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
}
