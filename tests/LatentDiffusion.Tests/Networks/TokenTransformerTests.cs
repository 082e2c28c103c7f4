using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class TokenTransformerTests
{
    [Fact]
    public void Tokens_names_and_size_equal_the_reference()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var golden = GoldenCase.Load("conditioning", "xtransformer");
        using var transformer = FormulaWeights.Fill(new TokenTransformer(50, 11, 32, 2));

        Assert.Equal(golden.Strings("keys"), transformer.state_dict().Keys.Order(StringComparer.Ordinal));
        Assert.Equal(golden.Integer("n_params"), transformer.parameters().Sum(p => p.numel()));
        var tokens = torch.tensor(Enumerable.Range(0, 22).Select(k => 7L * k % 50).ToArray()).reshape(2, 11);
        TensorAssert.Close(transformer.Forward(tokens), golden.Tensor("out"), 2e-5);
        using var plain = KernelChoice.Use(KernelKind.Plain);
        TensorAssert.Close(transformer.Forward(tokens), golden.Tensor("out"), 2e-5);
    }

    [Fact]
    public void Padding_is_seen_like_every_other_token()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var transformer = FormulaWeights.Fill(new TokenTransformer(50, 11, 32, 1));

        var padded = transformer.Forward(torch.tensor([5L, 6, 0, 0], [1, 4]));
        var alone = transformer.Forward(torch.tensor([5L, 6], [1, 2]));

        Assert.True(padded.narrow(1, 0, 2).sub(alone).abs().max().item<float>() > 1e-3);
    }

    [Fact]
    public void A_sequence_depends_neither_on_its_batch_nor_lets_gradients_stop()
    {
        using var scope = torch.NewDisposeScope();
        using var transformer = FormulaWeights.Fill(new TokenTransformer(50, 11, 32, 2));
        var tokens = torch.tensor([1L, 2, 3, 4, 5, 6], [2, 3]);

        var both = transformer.Forward(tokens);
        TensorAssert.Close(transformer.Forward(tokens.narrow(0, 1, 1)), both.narrow(0, 1, 1), 1e-6);
        both.pow(2).sum().backward();

        Assert.All(
            transformer.named_parameters(),
            p =>
                Assert.Equal(
                    !p.name.Contains("to_logits", StringComparison.Ordinal),
                    p.parameter.grad is { } gradient && gradient.abs().sum().item<float>() > 0
                )
        );
    }

    [Fact]
    public void Too_many_tokens_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        using var transformer = new TokenTransformer(50, 11, 32, 1);

        Assert.Contains(
            "S at most 11, not [1, 12]",
            Assert.Throws<ArgumentException>(() => transformer.Forward(torch.zeros(1, 12, torch.int64))).Message,
            StringComparison.Ordinal
        );
    }
}
