namespace LatentDiffusion.Kernels.Normalization;

/// <summary>What a normalisation with known mean and variance does to a channel: scale times x plus offset.</summary>
/// <param name="scale">One value per channel.</param>
/// <param name="offset">One value per channel.</param>
internal readonly unsafe struct Affine(float* scale, float* offset)
{
    public float* Scale => scale;

    public float* Offset => offset;
}
