using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class VectorQuantizerGoldenTests
{
    [Theory]
    [InlineData("vq_grad_legacy1", true)]
    [InlineData("vq_grad_legacy0", false)]
    public void Loss_indices_and_gradients_equal_the_reference(string name, bool legacyBeta)
    {
        using var scope = torch.NewDisposeScope();
        var golden = GoldenCase.Load("quantizer", name);
        using var quantizer = Create(legacyBeta);
        var z = Latents();

        var quantized = quantizer.Quantize(z);
        quantized.Loss.backward();

        Assert.Equal(golden.Number("loss"), quantized.Loss.item<float>(), 1e-7);
        Assert.Equal(golden.Integers("indices"), quantized.Indices.data<long>().ToArray());
        TensorAssert.Close(z.grad!, golden.Tensor("grad_z"));
        TensorAssert.Close(quantizer.parameters().Single().grad!, golden.Tensor("grad_codebook"));
    }

    [Theory]
    [InlineData("vq_grad_legacy1", true)]
    [InlineData("vq_grad_legacy0", false)]
    public void Gradients_pass_straight_through_and_not_to_the_codebook(string name, bool legacyBeta)
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(legacyBeta);
        var z = Latents();

        var quantized = quantizer.Quantize(z).Quantized;
        quantized.mul(FormulaInput.X(z.shape, 0.5)).sum().backward();

        TensorAssert.Close(z.grad!, GoldenCase.Load("quantizer", name).Tensor("grad_straight_through"));
        Assert.Null(quantizer.parameters().Single().grad);
    }

    private static VectorQuantizer Create(bool legacyBeta) =>
        FormulaWeights.Fill(new VectorQuantizer(codes: 8, dimension: 3, beta: 0.25, legacyBeta: legacyBeta));

    private static torch.Tensor Latents() => FormulaInput.X([2, 3, 4, 4], 0.09).requires_grad_();
}
