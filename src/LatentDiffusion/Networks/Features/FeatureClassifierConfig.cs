using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Networks.Features;

/// <summary>The architecture of the feature network: stages of 3x3 convolutions, halved in size from one to the next.</summary>
public sealed record FeatureClassifierConfig : IConfigCheck
{
    // The smallest image would be larger than any that is read.
    private const int MostStages = 15;

    /// <summary>Channels of each stage.</summary>
    [Description("Channels of each stage; every stage has half the resolution of the one before.")]
    [Minimum(1)]
    public IReadOnlyList<int> Channels { get; init; } = [32, 64, 128, 256];

    /// <summary>Convolutions per stage.</summary>
    [Description("3x3 convolutions per stage.")]
    [Minimum(1)]
    public int Convolutions { get; init; } = 2;

    /// <summary>Images must be at least so many pixels wide and high.</summary>
    internal int SmallestImage => 1 << (Channels.Count - 1);

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Channels.Count is 0 or > MostStages)
        {
            yield return new ConfigProblem(nameof(Channels), $"must have 1 to {MostStages} stages");
        }
    }
}

/// <summary>A classifying layer on top of the feature network.</summary>
public sealed record ClassifierHeadConfig
{
    /// <summary>What it classifies; part of its tensors' names.</summary>
    [Description("What the head classifies; part of its tensors' names.")]
    public required string Name { get; init; }

    /// <summary>Number of classes.</summary>
    [Description("Number of classes.")]
    [Minimum(1)]
    public required int Classes { get; init; }
}
