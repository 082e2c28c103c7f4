using System.Globalization;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Models.Foreign;

namespace LatentDiffusion.Models.Conversion;

/// <summary>The metadata that programs for such models read (Stability AI's ModelSpec 1.0.1).</summary>
internal static class ModelSpec
{
    private const string Prefix = "modelspec.";

    /// <summary>Adds what is known; texts that are there already stay, except for the hash.</summary>
    public static void AddTo(Dictionary<string, string> metadata, ForeignDescription model, string title, string hash)
    {
        metadata.TryAdd(Prefix + "sai_model_spec", "1.0.1");
        metadata.TryAdd(Prefix + "title", title);
        metadata.TryAdd(Prefix + "architecture", Architecture(model));
        metadata.TryAdd(Prefix + "implementation", "https://github.com/CompVis/latent-diffusion");
        var size = model.ImageSize.ToString(CultureInfo.InvariantCulture);
        metadata.TryAdd(Prefix + "resolution", $"{size}x{size}");
        if (model.Unet is not null)
        {
            metadata.TryAdd(
                Prefix + "prediction_type",
                model.Objective.Parameterization switch
                {
                    Parameterization.V => "v",
                    Parameterization.X0 => "sample",
                    _ => "epsilon",
                }
            );
        }

        metadata[Prefix + "hash_sha256"] = hash;
    }

    private static string Architecture(ForeignDescription model) =>
        model switch
        {
            { Unet: null } => "latent-diffusion/autoencoder",
            { Conditioner: ConditionerShape.Clip { Width: 768 }, Unet.InChannels: 4 } => "stable-diffusion-v1",
            { Conditioner: ConditionerShape.Clip { Width: 768 }, Unet.InChannels: 9 } =>
                "stable-diffusion-v1-inpainting",
            _ => "latent-diffusion",
        };
}
