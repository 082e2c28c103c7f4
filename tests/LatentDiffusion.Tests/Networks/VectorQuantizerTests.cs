using CsCheck;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class VectorQuantizerTests
{
    private const int Iterations = 10;

    private static readonly Gen<(int Codes, int Dimension, int Batch, int Height, int Width, double Wave)> Sizes =
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[1, 4], Gen.Double[0.05, 3]);

    [Fact]
    public void The_chosen_code_is_the_nearest() =>
        ForAll(
            (quantizer, latents) =>
            {
                var codebook = Rows(quantizer.parameters().Single());
                var vectors = Rows(latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1]));

                var indices = quantizer.Quantize(latents).Indices.data<long>().ToArray();

                Assert.Equal(vectors.Length, indices.Length);
                foreach (var (vector, index) in vectors.Zip(indices))
                {
                    var nearest = codebook.Min(code => SquaredDistance(vector, code));
                    Assert.Equal(nearest, SquaredDistance(vector, codebook[index]), 1e-5);
                }
            }
        );

    [Fact]
    public void Quantised_latents_are_the_codes_of_their_indices() =>
        ForAll(
            (quantizer, latents) =>
            {
                var quantized = quantizer.Quantize(latents);

                var found = quantizer.Lookup(quantized.Indices, latents.shape[0], latents.shape[2], latents.shape[3]);

                TensorAssert.Close(quantized.Quantized, found, 1e-6);
            }
        );

    [Fact]
    public void Quantising_again_changes_nothing() =>
        ForAll(
            (quantizer, latents) =>
            {
                var once = quantizer.Quantize(latents);
                var codes = quantizer.Lookup(once.Indices, latents.shape[0], latents.shape[2], latents.shape[3]);

                var again = quantizer.Quantize(codes);

                TensorAssert.Equal(again.Quantized, codes);
                Assert.Equal(0, again.Loss.item<float>());
            }
        );

    [Fact]
    public void A_row_does_not_depend_on_the_rest_of_its_batch()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = FormulaWeights.Fill(new VectorQuantizer(codes: 8, dimension: 3));
        var latents = FormulaInput.X([3, 3, 4, 4]);

        var together = quantizer.Quantize(latents);
        var alone = quantizer.Quantize(latents[..1]);

        TensorAssert.Equal(together.Quantized[..1], alone.Quantized);
        TensorAssert.Equal(together.Indices[..16], alone.Indices);
    }

    [Fact]
    public void Beta_weighs_the_commitment_term_and_in_legacy_mode_the_other_one()
    {
        var (codebook, latents) = GradientNorms(beta: 0.25, legacyBeta: false);
        var (legacyCodebook, legacyLatents) = GradientNorms(beta: 0.25, legacyBeta: true);

        Assert.Equal(0.25 * legacyLatents, latents, 1e-6);
        Assert.Equal(0.25 * codebook, legacyCodebook, 1e-6);
    }

    [Fact]
    public void A_new_codebook_is_spread_evenly_around_zero()
    {
        using var quantizer = new VectorQuantizer(codes: 50, dimension: 20);

        var entries = TensorAssert.Values(quantizer.parameters().Single());

        Assert.InRange(entries.Max(), 0.015, 0.02);
        Assert.InRange(entries.Min(), -0.02, -0.015);
    }

    private static void ForAll(Action<VectorQuantizer, torch.Tensor> property) =>
        Sizes.Sample(
            size =>
            {
                using var scope = torch.NewDisposeScope();
                using var noGradient = torch.no_grad();
                using var quantizer = FormulaWeights.Fill(new VectorQuantizer(size.Codes, size.Dimension));
                property(quantizer, FormulaInput.X([size.Batch, size.Dimension, size.Height, size.Width], size.Wave));
            },
            iter: Iterations,
            threads: 1
        );

    // More distances than are computed at a time, and not a multiple of it.
    [Fact]
    public void Many_latents_find_their_nearest_codes_too()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        torch.random.manual_seed(6);
        using var quantizer = new VectorQuantizer(8192, 3);
        quantizer.parameters().Single().normal_();
        var latents = torch.randn(1, 3, 20, 30);
        var rows = latents.permute(0, 2, 3, 1).reshape(-1, 3).to(torch.float64);
        var distances = torch.cdist(rows, quantizer.parameters().Single().to(torch.float64));

        var chosen = distances.gather(1, quantizer.Quantize(latents).Indices.unsqueeze(1)).squeeze(1);

        TensorAssert.Close(chosen, distances.amin(1), 1e-4);
    }

    private static (double Codebook, double Latents) GradientNorms(double beta, bool legacyBeta)
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = FormulaWeights.Fill(new VectorQuantizer(8, 3, beta, legacyBeta));
        var latents = FormulaInput.X([2, 3, 4, 4]).requires_grad_();
        quantizer.Quantize(latents).Loss.backward();
        return (Norm(quantizer.parameters().Single()), Norm(latents));
    }

    private static double Norm(torch.Tensor tensor) => tensor.grad!.norm().item<float>();

    private static double[][] Rows(torch.Tensor matrix) => [.. TensorAssert.Values(matrix).Chunk((int)matrix.shape[1])];

    private static double SquaredDistance(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();
}
