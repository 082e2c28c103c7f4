using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Samplers;

/// <summary>Ways between two latents.</summary>
public static class LatentInterpolation
{
    // Below this angle in radians an arc and a line are the same in single precision.
    private const double SmallAngle = 1e-4;

    /// <summary>
    /// Along a great circle, per sample, with the length going from one's to the other's: noise stays noise, where a straight
    /// line would lead through latents of too little variance.
    /// </summary>
    /// <param name="from">[B, ...].</param>
    /// <param name="to">Of the same shape.</param>
    /// <param name="share">0 is <paramref name="from"/>, 1 is <paramref name="to"/>.</param>
    /// <returns>Of the same shape.</returns>
    public static Tensor Spherical(Tensor from, Tensor to, double share)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        using var scope = NewDisposeScope();
        var (a, b) = (from.flatten(1).to(float64), to.flatten(1).to(float64));
        var (lengthA, lengthB) = (a.norm(1, keepdim: true), b.norm(1, keepdim: true));
        var cosine = a.div(lengthA).mul(b.div(lengthB)).sum(1, keepdim: true).clamp(Scalars.Of(-1), Scalars.Of(1));
        var angle = cosine.acos();
        var sine = angle.sin();
        var isLine = sine.abs().lt(Scalars.Of(SmallAngle));
        var divisor = where(isLine, ones_like(sine), sine);
        var weightA = where(
            isLine,
            full_like(sine, Scalars.Of(1 - share)),
            angle.mul(Scalars.Of(1 - share)).sin().div(divisor)
        );
        var weightB = where(
            isLine,
            full_like(sine, Scalars.Of(share)),
            angle.mul(Scalars.Of(share)).sin().div(divisor)
        );
        var length = lengthA.mul(Scalars.Of(1 - share)).Plus(lengthB.mul(Scalars.Of(share)));
        var direction = a.div(lengthA).mul(weightA).Plus(b.div(lengthB).mul(weightB));
        return direction.mul(length).reshape(from.shape).to(from.dtype).MoveToOuterDisposeScope();
    }
}
