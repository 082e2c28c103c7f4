using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Opens the first stage that a second one is trained on.</summary>
internal static class TrainedFirstStage
{
    /// <summary>The first stage and its description.</summary>
    /// <param name="path">A run folder, a model folder or a file; null for pixels.</param>
    /// <exception cref="Errors.UserInputException">There is no such model.</exception>
    public static (FirstStage FirstStage, FirstStageConfig Config) Open(string? path)
    {
        if (path is null)
        {
            var pixels = new IdentityConfig();
            return (pixels.Build(), pixels);
        }

        var (firstStage, config) = ModelFile.LoadFirstStage(path);
        return (firstStage, config.FirstStage);
    }
}
