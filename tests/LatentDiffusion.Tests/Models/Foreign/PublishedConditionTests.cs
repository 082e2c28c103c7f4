using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.Masks;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Models.Conversion;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Models.Foreign;

/// <summary>Published models whose UNets are shown more than latents: enlarging, inpainting, label maps, layouts.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class PublishedConditionTests : IDisposable
{
    private const int Size = 16;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, bool> Ways =>
        [
            .. SmallModels.Pictured.Select(name => (name, false)),
            .. SmallModels.Pictured.Where(name => name != "clip-inpainting").Select(name => (name, true)),
        ];

    [Theory]
    [MemberData(nameof(Ways))]
    public void The_condition_is_found_and_matters(string name, bool byYaml)
    {
        SmallModels.Write(name, _folder["model.safetensors"]);
        if (byYaml)
        {
            File.WriteAllText(_folder["model.yaml"], SmallYaml.Of(name));
        }

        using var model = ModelFile.LoadLatentDiffusion(_folder["model.safetensors"]);

        AssertIsConfigured(name, model.Config);
        var first = Draw(name, model, 0);
        Assert.Equal(first, Draw(name, model, 0));
        Assert.NotEqual(first, Draw(name, model, 1));
    }

    [Theory]
    [InlineData("super-resolution", "a low-resolution image, 2 times smaller")]
    [InlineData("inpainting", "an image with holes and its mask, as LDM")]
    [InlineData("clip-inpainting", "a mask and an image with holes, as Stable Diffusion")]
    [InlineData("semantic-map", "a label map")]
    [InlineData("layout", "objects and boxes")]
    public void What_is_assumed_is_said(string name, string what)
    {
        SmallModels.Write(name, _folder["model.safetensors"]);

        Assert.Contains(
            ModelInspection.Of(_folder["model.safetensors"]).Notes,
            note => note.Contains($"assumed {what}", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_prompt_of_an_inpainting_model_matters_too_and_its_tensors_have_the_published_names()
    {
        SmallModels.Write("clip-inpainting", _folder["model.safetensors"]);
        using var source = ModelSource.Open(_folder["model.safetensors"]);
        Assert.Contains(
            "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight",
            source.Weights.Shapes.Keys
        );

        using var model = ModelFile.LoadLatentDiffusion(_folder["model.safetensors"]);
        Assert.True(model.ReadsText);
        Assert.NotEqual(Fill(model, 0, "3 4"), Fill(model, 0, "5 6"));
    }

    [Fact]
    public void A_converted_file_says_itself_what_its_channels_are()
    {
        SmallModels.Write("clip-inpainting", _folder["model.safetensors"]);
        ModelConversion.Convert(_folder["model.safetensors"], _folder["own.safetensors"], new ConversionOptions());

        using var source = ModelSource.Open(_folder["own.safetensors"]);
        using var before = ModelFile.LoadLatentDiffusion(_folder["model.safetensors"]);
        using var after = ModelFile.LoadLatentDiffusion(_folder["own.safetensors"]);

        Assert.Empty(source.Notes);
        Assert.Equal(Fill(before, 0, "3"), Fill(after, 0, "3"));
    }

    [Fact]
    public void Channels_that_are_not_known_are_refused_in_one_line()
    {
        SmallModels.Write("super-resolution", _folder["model.safetensors"]);
        var depth = SmallYaml.Of("super-resolution").Replace("LR_image", "depth", StringComparison.Ordinal);
        File.WriteAllText(_folder["model.yaml"], depth);

        var refusal = Assert.Throws<UserInputException>(() => ModelSource.Open(_folder["model.safetensors"]));

        Assert.Contains("takes 6 channels and predicts 3", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void A_picture_that_is_missing_is_asked_for()
    {
        SmallModels.Write("semantic-map", _folder["model.safetensors"]);
        using var model = ModelFile.LoadLatentDiffusion(_folder["model.safetensors"]);

        var refusal = Assert.Throws<UserInputException>(() =>
            new ImageSampler(model).Check(new SamplingRequest { Inputs = [ConditionInput.None], Steps = 2 })
        );

        Assert.Contains("give it one", refusal.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertIsConfigured(string name, LatentDiffusionModelConfig actual)
    {
        var expected = SmallModels.Config(name);
        Assert.Equal(
            expected.Conditioner!.Singles.Where(single => single is not ClipTextConfig),
            actual.Conditioner!.Singles.Where(single => single is not ClipTextConfig)
        );
        Assert.Equal(expected.Conditioner is HybridConfig, actual.Conditioner is HybridConfig);
        Assert.Equal(expected.MapLabels, actual.MapLabels);
        Assert.Equal(expected.LayoutLabels, actual.LayoutLabels);
        Assert.Equal(expected.Unet.InChannels, actual.Unet.InChannels);
    }

    private static byte[] Draw(string name, LatentDiffusionModel model, int variant)
    {
        var settings = new SamplingRequest { Steps = 2, Seed = 3 };
        switch (name)
        {
            case "super-resolution":
                return new SuperResolver(model)
                    .Enlarge(
                        RgbImage.Filled(Size / 2, Size / 2, Colour(variant)),
                        settings,
                        cancellation: TestContext.Current.CancellationToken
                    )
                    .Pixels;
            case "inpainting" or "clip-inpainting":
                return Fill(model, variant, "3");
            default:
                var input =
                    name == "layout"
                        ? new ConditionInput
                        {
                            Layout = new ShownLayout([
                                .. Enumerable.Repeat(
                                    new LayoutObject("7", new RelativeBox(0.1, 0.2, 0.5, 0.5)),
                                    1 + 29 * variant
                                ),
                            ]),
                        }
                        : new ConditionInput
                        {
                            Map = new LabelMap(Size, Size, [.. Enumerable.Repeat((byte)(4 * variant), Size * Size)]),
                        };
                return new ImageSampler(model)
                    .Sample(
                        settings with
                        {
                            Inputs = [input],
                            Width = Size,
                            Height = Size,
                        },
                        cancellation: TestContext.Current.CancellationToken
                    )[0]
                    .Pixels;
        }
    }

    // What the model paints into the left half.
    private static byte[] Fill(LatentDiffusionModel model, int variant, string prompt)
    {
        var holes = new byte[Size * Size];
        for (var i = 0; i < holes.Length; i++)
        {
            holes[i] = (byte)(i % Size < Size / 2 ? 1 : 0);
        }

        var inpainter = new Inpainter(model);
        Assert.True(inpainter.IsTrainedForIt);
        var filled = inpainter.Fill(
            new MaskedImage(RgbImage.Filled(Size, Size, Colour(variant)), new InpaintingMask(Size, Size, holes)),
            new SamplingRequest
            {
                Steps = 2,
                Seed = 3,
                Inputs = [new ConditionInput { Prompt = model.ReadsText ? Prompt.Plain(prompt) : null }],
            },
            cancellation: TestContext.Current.CancellationToken
        )[0];
        return filled.Crop(0, 0, Size / 2, Size).Pixels;
    }

    private static Rgb Colour(int variant) => variant == 0 ? new Rgb(250, 10, 20) : new Rgb(0, 60, 240);
}
