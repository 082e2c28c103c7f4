using CsCheck;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class UnetTests
{
    private const int Iterations = 8;

    private static readonly UnetConfig Tiny = new()
    {
        InChannels = 3,
        OutChannels = 2,
        ModelChannels = 32,
        ChannelMult = [1, 1, 2],
        NumResBlocks = 1,
        AttentionResolutions = [4],
        NumHeads = 2,
    };

    private static readonly UnetConfig TinyWithContext = Tiny with { UseSpatialTransformer = true, ContextDim = 8 };

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void An_untrained_unet_outputs_zeros(bool scaleShift, bool context)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var config = context ? TinyWithContext : Tiny;
        using var unet = new Unet(config with { UseScaleShiftNorm = scaleShift, ResblockUpdown = scaleShift });

        var output = unet.Forward(
            FormulaInput.X([2, 3, 8, 8]),
            Timesteps(2),
            context ? FormulaInput.X([2, 4, 8]) : null
        );

        TensorAssert.Equal(output, torch.zeros(2, 2, 8, 8));
    }

    [Fact]
    public void Any_size_that_is_a_multiple_works()
    {
        using var unet = new Unet(Tiny);
        var multiple = Gen.Int[1, 4];
        Gen.Select(multiple, multiple)
            .Sample(
                (rows, columns) =>
                {
                    using var scope = torch.NewDisposeScope();
                    using var noGradient = torch.no_grad();
                    var (height, width) = (rows * unet.SizeMultiple, columns * unet.SizeMultiple);
                    var output = unet.Forward(FormulaInput.X([1, 3, height, width]), Timesteps(1));
                    Assert.Equal([1, 2, height, width], output.shape);
                },
                iter: Iterations,
                threads: 1
            );
    }

    [Fact]
    public void Any_other_size_is_refused()
    {
        using var unet = new Unet(Tiny);
        Gen.Select(Gen.Int[1, 17], Gen.Int[1, 17])
            .Where((height, width) => height % unet.SizeMultiple != 0 || width % unet.SizeMultiple != 0)
            .Sample(
                (height, width) =>
                {
                    using var scope = torch.NewDisposeScope();
                    var error = Assert.Throws<ArgumentException>(() =>
                        unet.Forward(torch.zeros(1, 3, height, width), Timesteps(1))
                    );
                    Assert.Contains($"{unet.SizeMultiple}", error.Message, StringComparison.Ordinal);
                },
                iter: Iterations,
                threads: 1
            );
    }

    [Fact]
    public void Wrong_channels_and_missing_or_needless_conditions_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        using var plain = new Unet(Tiny);
        using var crossAttending = new Unet(TinyWithContext);
        using var classConditional = new Unet(Tiny with { NumClasses = 3 });
        var x = torch.zeros(1, 3, 4, 4);
        var label = torch.zeros(1, torch.int64);

        Assert.Throws<ArgumentException>(() => plain.Forward(torch.zeros(1, 2, 4, 4), Timesteps(1)));
        Assert.Throws<ArgumentException>(() => plain.Forward(x, Timesteps(1), labels: label));
        Assert.Throws<ArgumentException>(() => crossAttending.Forward(x, Timesteps(1)));
        Assert.Throws<ArgumentException>(() => classConditional.Forward(x, Timesteps(1)));
    }

    [Fact]
    public void Contradicting_configurations_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Unet(Tiny with { NumHeadChannels = 16 }));
        Assert.Throws<ArgumentException>(() => new Unet(Tiny with { NumHeads = null }));
        Assert.Throws<ArgumentException>(() => new Unet(Tiny with { NumHeads = 3 }));
        Assert.Throws<ArgumentException>(() => new Unet(Tiny with { ContextDim = 8 }));
        Assert.Throws<ArgumentException>(() => new Unet(Tiny with { UseSpatialTransformer = true }));
        Assert.Throws<ArgumentException>(() => new Unet(Tiny with { ModelChannels = 33 }));
    }

    [Fact]
    public void A_row_does_not_depend_on_the_rest_of_its_batch()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var unet = FormulaWeights.Fill(new Unet(TinyWithContext));
        var (x, t, context) = (FormulaInput.X([3, 3, 8, 8]), Timesteps(3), FormulaInput.X([3, 4, 8], 0.31));

        var together = unet.Forward(x, t, context);
        var alone = unet.Forward(x[..1], t[..1], context[..1]);

        // Which kernel is the fastest for a layer depends on the batch.
        TensorAssert.Close(together[..1], alone, 5e-5);
    }

    [Fact]
    public void Time_context_and_label_all_matter()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var unet = FormulaWeights.Fill(new Unet(TinyWithContext with { NumClasses = 3 }));
        var (x, context) = (FormulaInput.X([1, 3, 8, 8]), FormulaInput.X([1, 4, 8], 0.31));
        var (time, label) = (torch.tensor(new[] { 10L }), torch.tensor(new[] { 1L }));

        var output = unet.Forward(x, time, context, label);

        AssertDiffers(output, unet.Forward(x, time.add(100), context, label));
        AssertDiffers(output, unet.Forward(x, time, context.neg(), label));
        AssertDiffers(output, unet.Forward(x, time, context, label.add(1)));
    }

    [Fact]
    public void A_codebook_predictor_outputs_logits()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var unet = new Unet(Tiny with { NEmbed = 5 });

        Assert.Equal([1, 5, 4, 4], unet.Forward(torch.ones(1, 3, 4, 4), Timesteps(1)).shape);
        Assert.Contains("id_predictor.1.weight", unet.state_dict().Keys);
    }

    private static torch.Tensor Timesteps(int batch) => torch.arange(batch, dtype: torch.int64).mul(97);

    private static void AssertDiffers(torch.Tensor a, torch.Tensor b) =>
        Assert.True(a.sub(b).abs().max().item<float>() > 1e-4);
}
