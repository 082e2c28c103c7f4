using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>The UNet's sinusoidal embedding of the timestep: cosines first, then sines (ADM's order).</summary>
public static class TimestepEmbedding
{
    private const double MaxPeriod = 10_000;

    /// <summary>Embeds timesteps; frequency i of d/2 is 10000^(-i/(d/2)).</summary>
    /// <param name="timesteps">[B], integers or floats.</param>
    /// <param name="dimension">Length of the embedding; an odd one ends in a zero.</param>
    /// <returns>[B, dimension], f32, in [-1,1].</returns>
    public static Tensor Sinusoidal(Tensor timesteps, int dimension)
    {
        using var scope = NewDisposeScope();
        var half = dimension / 2;
        var frequencies = exp(
            arange(Scalars.Of(0), Scalars.Of(half), Scalars.Of(1), dtype: float32, device: timesteps.device)
                .mul(Scalars.Of(-Math.Log(MaxPeriod)))
                .div(Scalars.Of(half))
        );
        var angles = timesteps.to(float32).unsqueeze(1).mul(frequencies.unsqueeze(0));
        var embedding = cat([angles.cos(), angles.sin()], dim: 1);
        if (dimension % 2 == 1)
        {
            embedding = nn.functional.pad(embedding, (0L, 1L));
        }

        return embedding.MoveToOuterDisposeScope();
    }
}
