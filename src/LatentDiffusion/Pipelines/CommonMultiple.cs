using LatentDiffusion.Errors;
using LatentDiffusion.Models;

namespace LatentDiffusion.Pipelines;

/// <summary>What must divide the sides of images that several first stages are to be sent alike.</summary>
public static class CommonMultiple
{
    /// <summary>The least common multiple of the downsampling factors of models. No weights are loaded.</summary>
    /// <param name="models">Run folders, model folders, or files; at least one.</param>
    /// <exception cref="UserInputException">There is no such model, or it has no first stage.</exception>
    public static int Of(IReadOnlyCollection<string> models)
    {
        ArgumentNullException.ThrowIfNull(models);
        return models.Select(FactorOf).Aggregate(1, (one, other) => one / Divisor(one, other) * other);
    }

    private static int FactorOf(string path)
    {
        using var source = ModelSource.Open(path);
        return source.Config is FirstStageModelConfig config
            ? config.FirstStage.DownsamplingFactor
            : throw new UserInputException(
                $"{path} is a classifier and has no first stage: give an autoencoder or a latent diffusion model."
            );
    }

    // Euclid's.
    private static int Divisor(int one, int other) => other == 0 ? one : Divisor(other, one % other);
}
