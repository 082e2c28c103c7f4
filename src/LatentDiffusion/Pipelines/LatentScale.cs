using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// How large the latents are that a model's diffusion sees (LDM section 4.3.2 and appendix D.1). Their variance over 1 is by how
/// much the signal-to-noise ratio exceeds the schedule's at every timestep.
/// </summary>
/// <param name="ScaleFactor">The factor on latents.</param>
/// <param name="Deviation">The standard deviation of latents after it.</param>
public sealed record LatentScale(double ScaleFactor, double Deviation)
{
    /// <summary>Measures the latents of images.</summary>
    /// <param name="model">The model.</param>
    /// <param name="images">At least one image, of one size that suits the model.</param>
    public static LatentScale Of(LatentDiffusionModel model, IReadOnlyList<RgbImage> images)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var latents = new TiledFirstStage(model.FirstStage)
            .EncodeMode(ImageTensors.FromImages(images))
            .mul(Scalars.Of(model.ScaleFactor));
        return new LatentScale(model.ScaleFactor, latents.to(float64).std().item<double>());
    }
}
