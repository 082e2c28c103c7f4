using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Patches;

/// <summary>
/// Denoises large latents in overlapping patches (LDM section 4.3.2, convolutional sampling): memory is bounded by one patch's
/// evaluation, and the network sees sizes it was trained with. Every patch has the same condition.
/// </summary>
/// <param name="inner">Denoises a patch, guidance included.</param>
/// <param name="settings">The patches, in latent pixels; smaller latents are not cut up.</param>
public sealed class PatchwiseDenoiser(IDenoiser inner, PatchSettings settings) : IDenoiser
{
    /// <inheritdoc/>
    public Prediction Denoise(Tensor noisy, NoiseLevel level)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        var grid = new PatchGrid((int)noisy.shape[2], (int)noisy.shape[3], settings);
        if (grid.Count == 1)
        {
            return inner.Denoise(noisy, level);
        }

        var parameterization = Parameterization.Eps;
        var output = grid.Map(
            noisy,
            (patch, _) =>
            {
                var prediction = inner.Denoise(patch, level);
                parameterization = prediction.Parameterization;
                return prediction.Output;
            }
        );
        return new Prediction(parameterization, noisy, level, output);
    }
}
