namespace LatentDiffusion.Kernels.Normalization;

/// <summary>
/// What a normalisation with known mean and variance does to a channel: scale (x - center) + offset. The mean is subtracted
/// first, for scale x - scale center would cancel badly in flat groups, whose scale is large.
/// </summary>
/// <param name="center">One value per channel.</param>
/// <param name="scale">One value per channel.</param>
/// <param name="offset">One value per channel.</param>
internal readonly unsafe struct Affine(float* center, float* scale, float* offset)
{
    public float* Center => center;

    public float* Scale => scale;

    public float* Offset => offset;
}
