using System.ComponentModel;
using System.Globalization;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Training.Experiments;

/// <summary>
/// Trains a feature network to classify the images of several sources at once. Its features stand in for those of a
/// published classifier in perceptual losses (LDM section 3.1) and metrics.
/// </summary>
[ConfigKind("classifier")]
public sealed record ClassifierExperiment : ExperimentConfig, IConfigCheck
{
    /// <summary>The sources.</summary>
    [Description("The sources; each has a classifying head of its own.")]
    public required IReadOnlyList<ClassifierSourceConfig> Sources { get; init; }

    /// <summary>The network.</summary>
    [Description("The network.")]
    public FeatureClassifierConfig Network { get; init; } = new();

    /// <summary>Probability that is spread evenly over all classes instead of given to the right one.</summary>
    [Description("Label smoothing: probability spread evenly over all classes instead of given to the right one.")]
    [Minimum(0), Maximum(1, Exclusive = true)]
    public double LabelSmoothing { get; init; } = 0.1;

    /// <summary>Side of the images that the network is trained on.</summary>
    internal int ImageSize => Sources[0].ImageSize;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Sources.Count == 0)
        {
            yield return new ConfigProblem(nameof(Sources), "must have at least one source");
            yield break;
        }

        if (Sources.Select(s => s.Name).Distinct(StringComparer.Ordinal).Count() != Sources.Count)
        {
            yield return new ConfigProblem(nameof(Sources), "every source must have a name of its own");
        }

        if (Sources.FirstOrDefault(s => s.ImageSize != ImageSize) is { } odd)
        {
            yield return new ConfigProblem(
                nameof(Sources),
                $"gives images of {ImageSize} pixels from '{Sources[0].Name}' and of {odd.ImageSize} from '{odd.Name}'; "
                    + "sizes after augmentation must be equal"
            );
        }

        if (ImageSize < Network.SmallestImage)
        {
            yield return new ConfigProblem(
                $"{nameof(Network)}.{nameof(Network.Channels)}",
                $"so many stages need images of at least {Network.SmallestImage} pixels, not {ImageSize}"
            );
        }

        if (ImagesPerBatch().Contains(0))
        {
            yield return new ConfigProblem(
                $"{nameof(Training)}.{nameof(Training.BatchSize)}",
                $"is too small for the shares of {Sources.Count.ToString(CultureInfo.InvariantCulture)} sources"
            );
        }

        if (Training.GradientCheckpointing)
        {
            yield return new ConfigProblem(
                $"{nameof(Training)}.{nameof(Training.GradientCheckpointing)}",
                "a classifier keeps its activations: batch statistics must be counted once"
            );
        }
    }

    /// <summary>How many images of a batch each source gives: its share, rounded so that the batch is full.</summary>
    internal int[] ImagesPerBatch()
    {
        var total = Sources.Sum(s => s.Share);
        var counts = new int[Sources.Count];
        var (given, share) = (0, 0.0);
        for (var i = 0; i < counts.Length; i++)
        {
            share += Sources[i].Share;
            counts[i] = (int)Math.Round(Training.BatchSize * share / total) - given;
            given += counts[i];
        }

        return counts;
    }

    /// <summary>The same without what never changes a result.</summary>
    internal ClassifierExperiment WithoutWorkers() =>
        this with
        {
            Sources = [.. Sources.Select(s => s with { Data = s.Data with { Workers = 0 } })],
        };
}

/// <summary>What the classes of a source are.</summary>
public enum ClassifierLabels
{
    /// <summary>The classes of the data.</summary>
    Class,

    /// <summary>Every image is a class of its own, its augmented versions are the examples (Dosovitskiy et al. 2014).</summary>
    Exemplar,
}

/// <summary>One source of images and classes.</summary>
public sealed record ClassifierSourceConfig : IConfigCheck
{
    /// <summary>Names the source's head and metrics.</summary>
    [Description("Names the source's head and its metrics.")]
    public required string Name { get; init; }

    /// <summary>The source's share of every batch, relative to the others'.</summary>
    [Description("The source's share of every batch, relative to the other sources'.")]
    [Minimum(0, Exclusive = true)]
    public double Share { get; init; } = 1;

    /// <summary>The training images.</summary>
    [Description("The training images.")]
    public required DataConfig Data { get; init; }

    /// <summary>What is done to the training images at random, or null.</summary>
    [Description("What is done to the training images at random; nothing when absent.")]
    public AugmentationConfig? Augmentation { get; init; }

    /// <summary>What the classes are.</summary>
    [Description("Whether the classes are the data's, or every image is a class of its own.")]
    public ClassifierLabels Labels { get; init; } = ClassifierLabels.Class;

    /// <summary>Images to measure the accuracy on, or null.</summary>
    [Description("Images with the same classes to measure the accuracy on; not measured when absent.")]
    public DataConfig? Validation { get; init; }

    /// <summary>Side of the training images after augmentation.</summary>
    internal int ImageSize => Augmentation?.OutputSize(Data.Size) ?? Data.Size;

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Name.Length == 0 || !Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            yield return new ConfigProblem(nameof(Name), "must be letters, digits, '_' and '-'");
        }

        if (Validation is not null && Labels == ClassifierLabels.Exemplar)
        {
            yield return new ConfigProblem(nameof(Validation), "other images are no exemplars of these; remove it");
        }
    }
}
