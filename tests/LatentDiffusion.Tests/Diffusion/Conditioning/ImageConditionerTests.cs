using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.Masks;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion.Conditioning;

[Collection(nameof(ProcessWideState))]
public sealed class ImageConditionerTests : IDisposable
{
    private static readonly ConditionLabels Labels = new(["sky", "sea", "sand"], ["cat", "dog"]);
    private static readonly LatentSize Size = new(4, 6);

    private readonly FirstStage _pixels = new IdentityConfig().Build();
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly IDisposable _noGradient = torch.no_grad();

    [Fact]
    public void Inpainting_sees_the_erased_image_and_then_the_mask_with_1_in_holes()
    {
        using var conditioner = Create(new InpaintingConfig());
        var holes = new byte[24];
        holes[7] = 1;
        var image = new MaskedImage(RgbImage.Filled(6, 4, new Rgb(255, 0, 255)), new InpaintingMask(6, 4, holes));

        var channels = conditioner.Encode([new() { Masked = image }, ConditionInput.None]).Channels!;

        Assert.Equal([2, 4, 4, 6], channels.shape);
        var given = channels[0];
        Assert.Equal(new double[] { 1, -1, 1, -1 }, TensorAssert.Values(given.select(2, 0).select(1, 0)));
        Assert.Equal(new double[] { -1, -1, -1, 1 }, TensorAssert.Values(given.select(2, 1).select(1, 1)));
        // Nothing known: one hole.
        TensorAssert.Equal(channels[1].narrow(0, 0, 3), torch.full([3, 4, 6], -1f));
        TensorAssert.Equal(channels[1, 3], torch.ones(4, 6));
    }

    [Fact]
    public void Inpainting_takes_the_mode_of_unscaled_latents_and_the_nearest_mask_pixel()
    {
        using var firstStage = FormulaWeights.Fill(
            new KlConfig
            {
                EmbedDim = 3,
                Network = new AutoencoderConfig
                {
                    Channels = 32,
                    ChannelMult = [1, 1],
                    NumResBlocks = 1,
                    ZChannels = 3,
                    Resolution = 8,
                },
            }.Build()
        );
        using var conditioner = Conditioners.Create(new InpaintingConfig(), 0, firstStage: firstStage);
        var holes = new byte[64];
        (holes[0], holes[63]) = (1, 1);
        var image = new MaskedImage(RgbImage.Filled(8, 8, new Rgb(10, 200, 90)), new InpaintingMask(8, 8, holes));

        var channels = conditioner.Encode([new() { Masked = image }]).Channels!;

        var erased = torch.tensor(PixelRange.ToPlanarFloats(image.Erased), [1, 3, 8, 8]);
        TensorAssert.Close(channels.narrow(1, 0, 3), firstStage.Encode(erased).narrow(1, 0, 3), 1e-5);
        // The reference's nearest pixel is the top left one of each four.
        Assert.Equal(Enumerable.Repeat(-1.0, 15).Prepend(1), TensorAssert.Values(channels[0, 3]));
    }

    [Fact]
    public void Inpainting_by_the_convention_of_stable_diffusion_has_the_mask_first_and_grey_holes_and_scales()
    {
        var scale = 1.0;
        using var conditioner = Conditioners.Create(
            new InpaintingConfig { Convention = InpaintingConvention.StableDiffusion },
            classes: 0,
            firstStage: _pixels,
            scale: () => scale
        );
        scale = 0.5;
        var holes = new byte[24];
        holes[7] = 1;
        var image = new MaskedImage(RgbImage.Filled(6, 4, new Rgb(255, 0, 255)), new InpaintingMask(6, 4, holes));

        var channels = conditioner.Encode([new() { Masked = image }, ConditionInput.None]).Channels!;

        var given = channels[0];
        Assert.Equal(new double[] { 0, 0.5, -0.5, 0.5 }, TensorAssert.Values(given.select(2, 0).select(1, 0)));
        Assert.Equal(new double[] { 1, 0, 0, 0 }, TensorAssert.Values(given.select(2, 1).select(1, 1)));
        TensorAssert.Equal(channels[1, 0], torch.ones(4, 6));
        TensorAssert.Equal(channels[1].narrow(0, 1, 3), torch.zeros(3, 4, 6));
    }

    [Fact]
    public void Low_resolution_is_beside_the_latents_as_it_is_or_enlarged_to_them()
    {
        var low = RgbImage.Filled(3, 2, new Rgb(255, 0, 0));
        using var conditioner = Create(new SuperResolutionConfig { Scale = 2 });

        var channels = conditioner.Encode([new() { LowResolution = low }, ConditionInput.None]).Channels!;

        Assert.Equal([2, 3, 4, 6], channels.shape);
        TensorAssert.Close(channels[0, 0], torch.ones(4, 6), 1e-5);
        TensorAssert.Close(channels[0, 1], torch.full([4, 6], -1f), 1e-5);
        TensorAssert.Equal(channels[1], torch.zeros(3, 4, 6));
        Assert.Throws<ArgumentException>(() => conditioner.Encode([ConditionInput.None]));
        Assert.Equal([1, 3, 4, 6], conditioner.Encode([ConditionInput.None], Size).Channels!.shape);
    }

    [Fact]
    public void A_map_is_mixed_from_its_classes_and_no_map_is_nothing()
    {
        using var conditioner = Create(new SemanticMapConfig { Stages = 0, Channels = 2 });
        var weights = conditioner.Network!.state_dict()["channel_mapper.weight"];
        var map = new LabelMap(6, 4, [.. Enumerable.Repeat((byte)2, 24)]);

        var channels = conditioner.Encode([new() { Map = map }, ConditionInput.None]).Channels!;

        Assert.Equal([2, 3, 1, 1], weights.shape);
        TensorAssert.Close(channels[0].select(2, 1).select(1, 1), weights.select(3, 0).select(2, 0).select(1, 2), 1e-6);
        TensorAssert.Equal(channels[1], torch.zeros(2, 4, 6));
    }

    [Fact]
    public void A_layout_is_92_tokens_and_order_crop_and_mirroring_matter()
    {
        using var conditioner = Create(
            new LayoutConfig
            {
                EmbedDim = 8,
                Depth = 1,
                Vocabulary = 256,
            }
        );
        var layout = new ShownLayout([new LayoutObject("cat", new RelativeBox(0.1, 0.2, 0.3, 0.3))]);
        ConditionInput[] inputs =
        [
            new() { Layout = layout },
            new() { Layout = layout with { IsMirrored = true } },
            new() { Layout = layout with { Crop = new RelativeBox(0, 0, 0.5, 1) } },
            new() { Layout = ShownLayout.Empty },
            ConditionInput.None,
        ];

        var context = conditioner.Encode(inputs).Context!;

        Assert.Equal([5, 92, 8], context.shape);
        var values = Enumerable.Range(0, 5).Select(i => string.Join(' ', TensorAssert.Values(context[i]))).ToList();
        Assert.Equal(4, values.Distinct().Count());
        Assert.Equal(values[3], values[4]);
    }

    [Fact]
    public void Parts_together_know_the_size_and_guidance_keeps_what_was_never_dropped()
    {
        using var conditioner = Create(
            new HybridConfig
            {
                Parts =
                [
                    new SuperResolutionConfig { Scale = 2 },
                    new SemanticMapConfig { Stages = 0, DropProbability = 0.5 },
                    new ClassLabelConfig(),
                ],
            }
        );
        var input = new ConditionInput { ClassId = 1, Map = new LabelMap(6, 4, new byte[24]) };

        var condition = conditioner.Encode([input]);

        Assert.Equal([1, 6, 4, 6], condition.Channels!.shape);
        var low = RgbImage.Filled(3, 2, Rgb.Black);
        Assert.Equal(
            new ConditionInput { LowResolution = low },
            conditioner.Negate(ConditionInput.None, input with { LowResolution = low })
        );
        Assert.Contains("give it a low-resolution image", conditioner.ProblemWith(input, 4, 6));
        Assert.Null(conditioner.ProblemWith(new ConditionInput { LowResolution = low }, 4, 6));
    }

    [Fact]
    public void Low_resolution_smaller_than_the_scale_allows_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() =>
            new SuperResolutionConditioner(new SuperResolutionConfig { Scale = 4 }, factor: 8)
        );
        Assert.Contains("Use a scale of at least the first stage's factor", error.Message);
    }

    public void Dispose()
    {
        _noGradient.Dispose();
        _scope.Dispose();
        _pixels.Dispose();
    }

    private Conditioner Create(ConditionerConfig config) =>
        Conditioners.Create(config, classes: 2, firstStage: _pixels, labels: Labels);
}
