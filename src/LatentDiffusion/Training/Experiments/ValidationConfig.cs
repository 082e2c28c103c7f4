using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;

namespace LatentDiffusion.Training.Experiments;

/// <summary>
/// How training is measured on images it does not see: always the same ones, at the same timesteps, with the same noise,
/// whatever the run's seed.
/// </summary>
public sealed record ValidationConfig
{
    /// <summary>The images.</summary>
    [Description("Images that are not trained on, of the same size and with the same classes.")]
    public required DataConfig Images { get; init; }

    /// <summary>The most images to use, or null for all.</summary>
    [Description("The most images to use, evenly spaced over all of them; all when absent.")]
    [Minimum(1)]
    public int? Count { get; init; }

    /// <summary>Steps between measurements.</summary>
    [Description("Steps between measurements; there is one more at the end.")]
    [Minimum(1)]
    public int Every { get; init; } = 1000;

    /// <summary>Ranges of timesteps that are told apart.</summary>
    [Description("Ranges of timesteps, equally long, that are told apart.")]
    [Minimum(1)]
    public int Buckets { get; init; } = 10;

    /// <summary>What is wrong with it beside other settings.</summary>
    /// <param name="property">The name of the property that holds it.</param>
    /// <param name="size">Side of the training images.</param>
    /// <param name="timesteps">Steps of the schedule, or null when only the first stage knows.</param>
    internal IEnumerable<ConfigProblem> ProblemsBeside(string property, int size, int? timesteps)
    {
        if (Images.Size != size)
        {
            yield return new ConfigProblem(
                $"{property}.{nameof(Images)}.{nameof(Images.Size)}",
                $"must equal the training images' size, {size}"
            );
        }

        if (Buckets > timesteps)
        {
            yield return new ConfigProblem(
                $"{property}.{nameof(Buckets)}",
                $"must not exceed the schedule's {timesteps} timesteps"
            );
        }
    }
}
