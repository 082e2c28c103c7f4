using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Features;

/// <summary>
/// A convolution and the batch normalisation behind it as one convolution, which is the same once the statistics stand still.
/// </summary>
internal static class NormalizationFold
{
    // All published networks that are read here were trained with it.
    private const double Epsilon = 1e-3;

    /// <summary>Fills a convolution; call it without gradients and in a dispose scope.</summary>
    /// <param name="weight">To fill, [output, input, height, width].</param>
    /// <param name="bias">To fill, [output].</param>
    /// <param name="kernel">The convolution's weights, of the shape of <paramref name="weight"/>.</param>
    /// <param name="gain">What the normalised maps are multiplied with, [output]; null: with 1.</param>
    /// <param name="shift">What is added to them, [output].</param>
    /// <param name="mean">The running mean, [output].</param>
    /// <param name="variance">The running variance, [output].</param>
    public static void Into(
        Tensor weight,
        Tensor bias,
        Tensor kernel,
        Tensor? gain,
        Tensor shift,
        Tensor mean,
        Tensor variance
    )
    {
        var deviation = variance.add(Scalars.Of(Epsilon)).sqrt();
        var scale = gain is null ? deviation.reciprocal() : gain.div(deviation);
        weight.copy_(kernel.mul(scale.reshape(-1, 1, 1, 1)));
        bias.copy_(shift.sub(mean.mul(scale)));
    }
}
