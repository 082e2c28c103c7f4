using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>Reads x_0 out of what a network predicts.</summary>
public static class PredictedStart
{
    /// <summary>The x_0 that a prediction stands for.</summary>
    /// <param name="process">The forward process.</param>
    /// <param name="parameterization">What the network predicts.</param>
    /// <param name="noisy">x_t, [B, C, H, W].</param>
    /// <param name="timesteps">[B], int64.</param>
    /// <param name="prediction">The network's output, [B, C, H, W].</param>
    /// <returns>[B, C, H, W].</returns>
    public static Tensor Of(
        DiffusionProcess process,
        Parameterization parameterization,
        Tensor noisy,
        Tensor timesteps,
        Tensor prediction
    )
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(prediction);
        if (parameterization == Parameterization.Eps)
        {
            return process.PredictStart(noisy, timesteps, prediction);
        }

        if (parameterization == Parameterization.X0)
        {
            return prediction.alias();
        }

        using var opposite = prediction.neg();
        return process.AddNoise(noisy, timesteps, opposite);
    }
}
