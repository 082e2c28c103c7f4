using LatentDiffusion.Networks.Unets;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>A UNet read as a noise predictor, whatever it was trained to predict.</summary>
/// <param name="network">The network.</param>
/// <param name="process">Converts predictions of x_0 into noise.</param>
/// <param name="parameterization">What the network predicts.</param>
public sealed class Denoiser(Unet network, DiffusionProcess process, Parameterization parameterization)
    : IConditionalNoisePredictor
{
    /// <inheritdoc/>
    public Tensor PredictNoise(Tensor noisy, Tensor timesteps, Condition condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        using var scope = NewDisposeScope();
        var prediction = condition.Predict(network, noisy, timesteps);
        if (parameterization == Parameterization.X0)
        {
            prediction = process.PredictNoise(noisy, timesteps, prediction);
        }

        return prediction.MoveToOuterDisposeScope();
    }
}
