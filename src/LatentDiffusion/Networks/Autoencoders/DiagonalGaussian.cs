using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>A KL autoencoder's posterior q(z|x): independent normal distributions per latent element.</summary>
/// <remarks>Owns its tensors within the dispose scope in which it was made.</remarks>
public sealed class DiagonalGaussian
{
    private const double MinLogVariance = -30;
    private const double MaxLogVariance = 20;

    /// <summary>Reads the distribution from the encoder's moments.</summary>
    /// <param name="moments">[B, 2C, h, w]: means, then log variances, which are clamped to [-30, 20].</param>
    public DiagonalGaussian(Tensor moments)
    {
        ArgumentNullException.ThrowIfNull(moments);
        var parts = moments.chunk(2, dim: 1);
        Mean = parts[0];
        LogVariance = parts[1].clamp(Scalars.Of(MinLogVariance), Scalars.Of(MaxLogVariance));
    }

    /// <summary>[B, C, h, w]; also the mode.</summary>
    public Tensor Mean { get; }

    /// <summary>[B, C, h, w].</summary>
    public Tensor LogVariance { get; }

    /// <summary>Draws z = mean + standard deviation * noise.</summary>
    /// <param name="generator">The random numbers' source, or null for the global one.</param>
    /// <returns>[B, C, h, w].</returns>
    public Tensor Sample(Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var noise = randn(Mean.shape, dtype: Mean.dtype, generator: generator).to(Mean.device);
        return Mean.Plus(LogVariance.mul(Scalars.Of(0.5)).exp().mul(noise)).MoveToOuterDisposeScope();
    }

    /// <summary>KL divergence to the standard normal distribution, in nats.</summary>
    /// <returns>[B].</returns>
    public Tensor KullbackLeibler()
    {
        using var scope = NewDisposeScope();
        var terms = Mean.pow(Scalars.Of(2)).Plus(LogVariance.exp()).sub(Scalars.Of(1)).sub(LogVariance);
        return terms.sum([1, 2, 3]).mul(Scalars.Of(0.5)).MoveToOuterDisposeScope();
    }

    /// <summary>KL divergence to another distribution of the same shape, in nats.</summary>
    /// <returns>[B].</returns>
    public Tensor KullbackLeibler(DiagonalGaussian other)
    {
        ArgumentNullException.ThrowIfNull(other);
        using var scope = NewDisposeScope();
        var terms = Mean.sub(other.Mean)
            .pow(Scalars.Of(2))
            .Plus(LogVariance.exp())
            .div(other.LogVariance.exp())
            .sub(Scalars.Of(1))
            .sub(LogVariance)
            .Plus(other.LogVariance);
        return terms.sum([1, 2, 3]).mul(Scalars.Of(0.5)).MoveToOuterDisposeScope();
    }

    /// <summary>Negative log likelihood of a sample, in nats.</summary>
    /// <param name="sample">[B, C, h, w].</param>
    /// <returns>[B].</returns>
    public Tensor NegativeLogLikelihood(Tensor sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        using var scope = NewDisposeScope();
        var terms = sample
            .sub(Mean)
            .pow(Scalars.Of(2))
            .div(LogVariance.exp())
            .Plus(LogVariance)
            .add(Scalars.Of(Math.Log(2 * Math.PI)));
        return terms.sum([1, 2, 3]).mul(Scalars.Of(0.5)).MoveToOuterDisposeScope();
    }
}
