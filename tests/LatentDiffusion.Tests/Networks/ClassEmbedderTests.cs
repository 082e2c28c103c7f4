using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class ClassEmbedderTests
{
    [Fact]
    public void Tokens_equal_the_reference()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var embedder = FormulaWeights.Fill(new ClassEmbedder(embedDim: 6, classes: 11));

        var tokens = embedder.Forward(torch.tensor(new[] { 0L, 10L, 3L }));

        TensorAssert.Close(tokens, GoldenCase.Load("conditioning", "class_embedder").Tensor("out"), 1e-6);
    }

    [Fact]
    public void A_batch_row_depends_on_its_label_alone()
    {
        using var scope = torch.NewDisposeScope();
        using var embedder = new ClassEmbedder(embedDim: 4, classes: 5);

        var tokens = embedder.Forward(torch.tensor(new[] { 2L, 4L, 2L }));

        TensorAssert.Equal(tokens[0], tokens[2]);
        Assert.NotEqual(TensorAssert.Values(tokens[0]), TensorAssert.Values(tokens[1]));
    }
}
