using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Models;

/// <summary>Names that maps and layouts may use: like vocabularies they give weights their meaning.</summary>
internal static class ModelLabels
{
    /// <summary>Refuses weights that belong to other labels than the model's: equal ids would mean other things.</summary>
    /// <param name="file">The weights.</param>
    /// <param name="model">The model that would use them.</param>
    /// <exception cref="UserInputException">The labels differ.</exception>
    public static void Check(SafetensorsFile file, LatentDiffusionModel model)
    {
        if (
            !file.Metadata.ContainsKey(ModelFile.ConfigKey)
            || ModelFile.ReadConfig(file) is not LatentDiffusionModelConfig config
        )
        {
            return;
        }

        foreach (
            var (what, theirs, ours) in new[]
            {
                ("label maps", config.MapLabels, model.Config.MapLabels),
                ("layouts", config.LayoutLabels, model.Config.LayoutLabels),
            }
        )
        {
            // A model without any may have been trained for another condition, which shapes tell.
            if (theirs.Count > 0 && ours.Count > 0 && !theirs.SequenceEqual(ours, StringComparer.Ordinal))
            {
                throw new UserInputException(
                    $"{file.Path} was trained with other labels of {what} than the data have: use the same, in the same order."
                );
            }
        }
    }
}
