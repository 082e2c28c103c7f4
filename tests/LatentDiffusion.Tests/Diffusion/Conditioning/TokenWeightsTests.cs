using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion.Conditioning;

public sealed class TokenWeightsTests
{
    [Fact]
    public void Tokens_are_scaled_and_the_mean_restored()
    {
        using var scope = torch.NewDisposeScope();
        var tokens = torch.tensor([1f, 2, 3, 4, 5, 6], [1, 3, 2]);

        var weighted = TokenWeights.Apply(
            tokens,
            [
                [1, 2, 1],
            ]
        );

        // The mean was 21/6, and is 28/6 with the middle token twice.
        var expected = torch.tensor([1f, 2, 6, 8, 5, 6], [1, 3, 2]).mul(21 / 28f);
        TensorAssert.Close(weighted, expected, 1e-6);
    }

    [Fact]
    public void A_context_is_weighted_by_itself()
    {
        using var scope = torch.NewDisposeScope();
        var tokens = FormulaInput.X([2, 3, 4]).add(0.3);

        var both = TokenWeights.Apply(
            tokens,
            [
                [1, 1.3, 0.5],
                [1, 1, 1],
            ]
        );

        TensorAssert.Equal(both[1], tokens[1]);
        TensorAssert.Equal(
            both[0],
            TokenWeights.Apply(
                tokens.narrow(0, 0, 1),
                [
                    [1, 1.3, 0.5],
                ]
            )[0]
        );
        Assert.Equal(tokens[0].mean().item<float>(), both[0].mean().item<float>(), 1e-6);
    }

    [Fact]
    public void A_mean_that_is_only_rounding_is_left_alone()
    {
        using var scope = torch.NewDisposeScope();
        var tokens = torch.nn.functional.layer_norm(FormulaInput.X([1, 5, 16]), [16]);

        var weighted = TokenWeights.Apply(
            tokens,
            [
                [1, 1.5, 1, 0.7, 1],
            ]
        );

        TensorAssert.Close(weighted[0][1], tokens[0][1].mul(1.5), 1e-6);
        TensorAssert.Close(weighted[0][0], tokens[0][0], 1e-6);
    }
}
