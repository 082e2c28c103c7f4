using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class DiagonalGaussianTests
{
    [Theory]
    [InlineData(50, 20)]
    [InlineData(20, 20)]
    [InlineData(-4, -4)]
    [InlineData(-30, -30)]
    [InlineData(-100, -30)]
    public void Log_variances_are_clamped(float given, double expected)
    {
        using var scope = torch.NewDisposeScope();

        var gaussian = Create(mean: 0, logVariance: given);

        Assert.All(TensorAssert.Values(gaussian.LogVariance), value => Assert.Equal(expected, value));
    }

    [Fact]
    public void A_sample_without_variance_is_the_mean()
    {
        using var scope = torch.NewDisposeScope();
        var gaussian = Create(mean: 0.75f, logVariance: -30);

        TensorAssert.Close(gaussian.Sample(), gaussian.Mean, 1e-5);
    }

    [Fact]
    public void Samples_have_the_given_mean_and_variance()
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(5);
        var moments = torch.cat([torch.full([1, 1, 100, 100], 2.0f), torch.full([1, 1, 100, 100], -1.0f)], dim: 1);

        var sample = new DiagonalGaussian(moments).Sample(generator);

        // Five standard errors of 10,000 draws.
        Assert.Equal(2, sample.mean().item<float>(), 5 * Math.Exp(-0.5) / 100);
        Assert.Equal(Math.Exp(-1), sample.var().item<float>(), 5 * Math.Sqrt(2) * Math.Exp(-1) / 100);
    }

    [Fact]
    public void A_seed_determines_the_sample()
    {
        using var scope = torch.NewDisposeScope();
        var gaussian = Create(mean: 0.5f, logVariance: 0);

        TensorAssert.Equal(Sample(gaussian, seed: 1), Sample(gaussian, seed: 1));
        Assert.NotEqual(TensorAssert.Values(Sample(gaussian, seed: 1)), TensorAssert.Values(Sample(gaussian, seed: 2)));
    }

    [Fact]
    public void The_divergence_of_the_standard_normal_is_zero()
    {
        using var scope = torch.NewDisposeScope();

        TensorAssert.Equal(Create(mean: 0, logVariance: 0).KullbackLeibler(), torch.zeros(2));
    }

    [Fact]
    public void The_divergence_follows_its_formula()
    {
        using var scope = torch.NewDisposeScope();

        var divergence = Create(mean: 0.5f, logVariance: 1).KullbackLeibler();

        var perElement = 0.5 * (0.25 + Math.E - 1 - 1);
        TensorAssert.Close(divergence, [12 * perElement, 12 * perElement], 1e-6);
    }

    [Fact]
    public void The_divergence_to_another_distribution_agrees_with_the_one_to_the_standard_normal()
    {
        using var scope = torch.NewDisposeScope();
        var (gaussian, standard) = (Create(mean: 0.5f, logVariance: 1), Create(mean: 0, logVariance: 0));

        TensorAssert.Close(gaussian.KullbackLeibler(standard), gaussian.KullbackLeibler(), 1e-6);
        TensorAssert.Equal(gaussian.KullbackLeibler(gaussian), torch.zeros(2));
        Assert.All(TensorAssert.Values(standard.KullbackLeibler(gaussian)), value => Assert.True(value > 0));
    }

    [Fact]
    public void The_mean_is_the_likeliest_sample()
    {
        using var scope = torch.NewDisposeScope();
        var gaussian = Create(mean: 0.5f, logVariance: -2);

        var atMean = gaussian.NegativeLogLikelihood(gaussian.Mean);
        var beside = gaussian.NegativeLogLikelihood(gaussian.Mean.add(0.1));

        TensorAssert.Close(atMean, [6 * (Math.Log(2 * Math.PI) - 2), 6 * (Math.Log(2 * Math.PI) - 2)], 1e-5);
        Assert.True(beside.sub(atMean).min().item<float>() > 0);
    }

    // Twelve latent elements per row, two rows.
    private static DiagonalGaussian Create(float mean, float logVariance) =>
        new(torch.cat([torch.full([2, 3, 2, 2], mean), torch.full([2, 3, 2, 2], logVariance)], dim: 1));

    private static torch.Tensor Sample(DiagonalGaussian gaussian, ulong seed)
    {
        using var generator = new torch.Generator(seed);
        return gaussian.Sample(generator);
    }
}
