using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Patches;

/// <summary>
/// Denoises large latents in overlapping patches (LDM section 4.3.2, convolutional sampling): memory is bounded by one patch's
/// evaluation, and the network sees sizes it was trained with. Channels of a condition are cut like the latents; its tokens
/// and labels are the same for every patch.
/// </summary>
/// <param name="inner">Denoises a patch.</param>
/// <param name="settings">The patches, in latent pixels; smaller latents are not cut up.</param>
public sealed class PatchwiseDenoiser(IConditionalDenoiser inner, PatchSettings settings) : IConditionalDenoiser
{
    /// <inheritdoc/>
    public Prediction Denoise(Tensor noisy, NoiseLevel level, Condition condition)
    {
        ArgumentNullException.ThrowIfNull(noisy);
        ArgumentNullException.ThrowIfNull(condition);
        var grid = new PatchGrid((int)noisy.shape[2], (int)noisy.shape[3], settings);
        if (grid.Count == 1)
        {
            return inner.Denoise(noisy, level, condition);
        }

        // Copies of a condition share what was made of its tokens, if it was made before.
        _ = condition.Attention;
        var parameterization = Parameterization.Eps;
        var output = grid.Map(
            noisy,
            (patch, number) =>
            {
                var part = condition.Channels is { } channels
                    ? condition with
                    {
                        Channels = grid.Cut(channels, number),
                    }
                    : condition;
                var prediction = inner.Denoise(patch, level, part);
                parameterization = prediction.Parameterization;
                return prediction.Output;
            }
        );
        return new Prediction(parameterization, noisy, level, output);
    }
}
