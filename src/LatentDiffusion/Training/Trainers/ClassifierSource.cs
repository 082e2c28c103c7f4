using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Randomness;
using LatentDiffusion.Training.Experiments;

namespace LatentDiffusion.Training.Trainers;

/// <summary>The images of one source of a classifier, with their labels.</summary>
internal sealed class ClassifierSource : IDisposable
{
    // "CLSS": two sources of equal length are shuffled differently.
    private const long SeedPurpose = 0x434c5353;

    private readonly ClassifierSourceConfig _config;
    private readonly int _imagesPerBatch;
    private readonly ImageDataset _training;
    private BatchLoader? _loader;

    /// <param name="config">The source.</param>
    /// <param name="number">Its position among the sources.</param>
    /// <param name="imagesPerBatch">How many images of each batch it gives.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="UserInputException">The images cannot be used, or have not the classes they need.</exception>
    public ClassifierSource(ClassifierSourceConfig config, int number, int imagesPerBatch, long seed)
    {
        (_config, _imagesPerBatch) = (config, imagesPerBatch);
        var opened = config.Data.OpenDataset(DerivedSeed.Of(seed, SeedPurpose, number));
        _training = new ImageDataset(opened.Source, opened.Transform, opened.Seed)
        {
            Augmentation = config.Augmentation,
        };
        Validation = config.Validation?.OpenDataset(seed);
        Classes = config.Labels == ClassifierLabels.Exemplar ? opened.Count : opened.Source.ClassNames.Count;
        Summary = $"{config.Name}: {DatasetSummary.Of(opened.Source)}";
        if (config.Labels == ClassifierLabels.Class)
        {
            CheckClasses(opened.Source, config.Name);
            CheckValidation(opened.Source);
        }
    }

    public string Name => _config.Name;

    public int Classes { get; }

    /// <summary>Names of the classes; empty for exemplars without classes.</summary>
    public IReadOnlyList<string> ClassNames =>
        _config.Labels == ClassifierLabels.Class ? _training.Source.ClassNames : [];

    /// <summary>Held-out images, or null.</summary>
    public ImageDataset? Validation { get; }

    /// <summary>One line about the training images.</summary>
    public string Summary { get; }

    /// <summary>The images and labels of the source's part of a batch.</summary>
    /// <param name="batch">Number of the batch since the start of the run; called with consecutive numbers.</param>
    public (ImageBatch Images, long[] Labels) Next(long batch)
    {
        _loader ??= new BatchLoader(_training, _imagesPerBatch, _config.Data.Workers, batch * _imagesPerBatch);
        var images = _loader.Next();
        var labels = _config.Labels == ClassifierLabels.Exemplar ? images.Indices : images.ClassIds;
        return (images, [.. labels.Select(label => (long)label)]);
    }

    public void Dispose() => _loader?.Dispose();

    private void CheckValidation(IImageSource training)
    {
        if (Validation is null)
        {
            return;
        }

        var name = $"{Name}.validation";
        CheckClasses(Validation.Source, name);
        if (!Validation.Source.ClassNames.SequenceEqual(training.ClassNames))
        {
            throw new UserInputException(
                $"The classes of {name} ({string.Join(", ", Validation.Source.ClassNames)}) are not those of the training "
                    + $"images ({string.Join(", ", training.ClassNames)}): give images of the same classes."
            );
        }

        if (Validation.Size != _training.Size)
        {
            throw new UserInputException(
                $"{name} has images of {Validation.Size} pixels, training images have {_training.Size}: make them equal."
            );
        }
    }

    private static void CheckClasses(IImageSource source, string name)
    {
        if (source.ClassNames.Count == 0)
        {
            throw new UserInputException(
                $"The images of {name} have no classes: put them into sub-folders named by class, set class_column, or use "
                    + "labels: exemplar."
            );
        }

        if (
            Enumerable.Range(0, source.Count).FirstOrDefault(i => source.Describe(i).ClassId is null, -1)
            is var i
                and >= 0
        )
        {
            throw new UserInputException(
                $"Image \"{source.Describe(i).Name}\" of {name} has no class: put it into a sub-folder named by its class, or "
                    + "remove it."
            );
        }
    }
}
