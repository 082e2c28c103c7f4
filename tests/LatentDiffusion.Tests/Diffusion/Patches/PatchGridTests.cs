using CsCheck;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Patches;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion.Patches;

public sealed class PatchGridTests
{
    [Theory]
    [InlineData(false, 2, 1)]
    [InlineData(false, 1, 1)]
    [InlineData(false, 1, 2)]
    [InlineData(true, 1, 1)]
    [InlineData(true, 2, 1)]
    [InlineData(true, 1, 2)]
    public void Weights_equal_the_reference_at_any_scale(bool tieBreaker, int up, int down)
    {
        using var scope = torch.NewDisposeScope();
        var expected = GoldenCase.Load("patches", $"fold_tb{(tieBreaker ? 1 : 0)}_uf{up}_df{down}");
        // The reference scales patches of 4 pixels, 2 apart, on a map of 8.
        var (size, kernel, stride) = (8 * up / down, 4 * up / down, 2 * up / down);
        var grid = new PatchGrid(
            size,
            size,
            new PatchSettings(kernel, kernel, stride, stride) { TieBreaker = tieBreaker }
        );

        var weights = torch.stack([.. Enumerable.Range(0, grid.Count).Select(grid.Weights)], dim: -1);
        TensorAssert.Close(weights.unsqueeze(0).unsqueeze(0), expected.Tensor("weighting"));
        TensorAssert.Close(grid.Normalization(), expected.Tensor("normalization"));
    }

    [Fact]
    public void Patchwise_denoising_equals_the_reference()
    {
        using var scope = torch.NewDisposeScope();
        var denoiser = new PatchwiseDenoiser(new MeanSubtraction(), new PatchSettings(4));

        var prediction = denoiser.Denoise(
            FormulaInput.X([1, 3, 8, 8], 0.05),
            NoiseLevel.FromAlphaCumprod(5, 0.5),
            Condition.None
        );

        TensorAssert.Close(prediction.Output, GoldenCase.Load("patches", "apply_model_split_meansub").Tensor("out"));
    }

    [Fact]
    public void Every_pixel_is_covered_and_an_identity_stays_one() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 12], Gen.Int[1, 12], Gen.Int[1, 12], Gen.Int[1, 12])
            .Where((_, _, kh, kw, sh, sw) => sh <= kh && sw <= kw)
            .Sample(
                (h, w, kh, kw, sh, sw) =>
                {
                    using var scope = torch.NewDisposeScope();
                    var grid = new PatchGrid(h, w, new PatchSettings(kh, kw, sh, sw) { TieBreaker = h % 2 == 0 });
                    var map = FormulaInput.X([1, 2, h, w], 0.3);

                    Assert.True(grid.Normalization().min().item<float>() > 0);
                    TensorAssert.Close(grid.Map(map, (patch, _) => patch.clone()), map, 1e-5);
                },
                iter: 40,
                threads: 1
            );

    [Fact]
    public void The_model_never_sees_more_than_a_patch_and_small_maps_are_whole()
    {
        using var scope = torch.NewDisposeScope();
        var model = new MeanSubtraction();
        var denoiser = new PatchwiseDenoiser(model, new PatchSettings(6, 4, 3, 4));
        denoiser.Denoise(torch.zeros(2, 3, 20, 13), NoiseLevel.FromAlphaCumprod(5, 0.5), Condition.None);
        denoiser.Denoise(torch.zeros(2, 3, 5, 4), NoiseLevel.FromAlphaCumprod(5, 0.5), Condition.None);

        Assert.All(model.Sizes.SkipLast(1), size => Assert.Equal((6L, 4L), size));
        Assert.Equal((5L, 4L), model.Sizes[^1]);
    }

    [Fact]
    public void Channels_of_a_condition_are_cut_like_the_latents()
    {
        using var scope = torch.NewDisposeScope();
        var denoiser = new PatchwiseDenoiser(new ChannelEcho(), new PatchSettings(4));
        var condition = new Condition(Context: torch.zeros(1, 2, 3), Channels: FormulaInput.X([1, 3, 9, 13], 0.3));

        var prediction = denoiser.Denoise(torch.zeros(1, 3, 9, 13), NoiseLevel.FromAlphaCumprod(5, 0.5), condition);

        TensorAssert.Close(prediction.Output, condition.Channels!, 1e-5);
    }

    [Theory]
    [InlineData(4, 5)]
    [InlineData(4, 0)]
    public void Strides_with_gaps_or_none_are_refused(int kernel, int stride) =>
        Assert.Throws<ArgumentException>(() => new PatchGrid(8, 8, new PatchSettings(kernel, kernel, stride, stride)));

    private sealed class ChannelEcho : IConditionalDenoiser
    {
        public Prediction Denoise(torch.Tensor noisy, NoiseLevel level, Condition condition)
        {
            Assert.Equal([1, 2, 3], condition.Context!.shape);
            return new Prediction(Parameterization.Eps, noisy, level, condition.Channels!.clone());
        }
    }

    private sealed class MeanSubtraction : IConditionalDenoiser
    {
        public List<(long, long)> Sizes { get; } = [];

        public Prediction Denoise(torch.Tensor noisy, NoiseLevel level, Condition condition)
        {
            Sizes.Add((noisy.shape[2], noisy.shape[3]));
            return new Prediction(Parameterization.Eps, noisy, level, noisy.sub(noisy.mean([2, 3], keepdim: true)));
        }
    }
}
