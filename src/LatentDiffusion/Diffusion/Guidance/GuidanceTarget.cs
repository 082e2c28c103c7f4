using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Guidance;

/// <summary>What an image should look like after an operator, as a likelihood of clean latents.</summary>
/// <param name="image">y, [B, C, h, w]; borrowed.</param>
/// <param name="decode">D, from clean latents as diffusion sees them to images, differentiable.</param>
/// <param name="imageOperator">T, from images to what is compared with y, differentiable; see <see cref="ImageOperator"/>.</param>
/// <param name="distance">
/// The distance of T(D(z_0)) (first) and y per sample, [B] or [B, 1, 1, 1]; null is half the squared error, the paper's Gaussian
/// of unit variance. A perceptual distance goes here.
/// </param>
public sealed class GuidanceTarget(
    Tensor image,
    Func<Tensor, Tensor> decode,
    Func<Tensor, Tensor> imageOperator,
    Func<Tensor, Tensor, Tensor>? distance = null
)
{
    private readonly Func<Tensor, Tensor, Tensor> _distance = distance ?? HalfSquaredError;

    /// <summary>log p(y | z_0) up to a constant.</summary>
    /// <param name="clean">z_0, [B, C, H, W].</param>
    /// <returns>[B].</returns>
    public Tensor LogLikelihood(Tensor clean)
    {
        using var scope = NewDisposeScope();
        var seen = imageOperator(decode(clean));
        if (!seen.shape.SequenceEqual(image.shape))
        {
            throw new ArgumentException(
                $"The operator makes [{string.Join(", ", seen.shape)}] of the decoded samples, "
                    + $"but the target is [{string.Join(", ", image.shape)}]."
            );
        }

        return _distance(seen, image).flatten().neg().MoveToOuterDisposeScope();
    }

    private static Tensor HalfSquaredError(Tensor seen, Tensor image)
    {
        using var scope = NewDisposeScope();
        return seen.sub(image).pow(Scalars.Of(2)).flatten(1).sum(1).mul(Scalars.Of(0.5)).MoveToOuterDisposeScope();
    }
}
