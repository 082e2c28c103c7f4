using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Progress;
using LatentDiffusion.Training.Experiments;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Puts together what a classifier of noisy latents is trained with.</summary>
internal static class NoisyClassifierSetup
{
    private const int MeasuredTrainingImages = 256;

    /// <summary>The trainer.</summary>
    /// <param name="experiment">The configuration.</param>
    /// <param name="dataset">The training images.</param>
    /// <param name="progress">Told about encoding.</param>
    /// <param name="cancellation">Stops encoding.</param>
    /// <exception cref="UserInputException">The parts or the images do not fit.</exception>
    public static NoisyClassifierTrainer Create(
        NoisyClassifierExperiment experiment,
        ImageDataset dataset,
        IProgress<StepProgress>? progress,
        CancellationToken cancellation
    )
    {
        RequireClasses(dataset.Source, "data");
        var measuring =
            experiment.Validation ?? new ValidationConfig { Images = experiment.Data, Count = MeasuredTrainingImages };
        var measured = ValidationSet.Open(measuring, dataset.Source.ClassNames);
        RequireClasses(measured.Source, "validation.images");

        var guided = experiment.FirstStage is { } path ? ModelFile.ReadGuided(path) : null;
        var (firstStage, firstStageConfig) = TrainedFirstStage.Open(experiment.FirstStage);
        var schedule = experiment.Schedule ?? guided?.Schedule ?? new NoiseScheduleConfig();
        TrainingStream.SeedInitialWeights(experiment.Seed);
        var model = CreateModel(
            new NoisyClassifierModelConfig
            {
                FirstStage = firstStageConfig,
                ImageSize = experiment.Data.Size,
                Network = experiment.Network,
                Classes = dataset.Source.ClassNames,
                Schedule = schedule,
            },
            firstStage
        );
        var scale = experiment.ScaleFactor ?? guided?.ScaleFactor;
        model.ScaleFactor = scale ?? 1;
        var batchSize = experiment.Training.BatchSize;
        return new NoisyClassifierTrainer(
            experiment,
            model,
            scaleIsKnown: scale is not null,
            measuring with
            {
                Buckets = Math.Min(measuring.Buckets, schedule.Length),
            },
            measured,
            firstSample =>
                experiment.CacheLatents
                    ? new CachedLatents(model.FirstStage, dataset, batchSize, firstSample, progress, cancellation)
                    : new EncodedLatents(
                        model.FirstStage,
                        new BatchLoader(dataset, batchSize, experiment.Data.Workers, firstSample)
                    )
        );
    }

    private static NoisyLatentClassifier CreateModel(NoisyClassifierModelConfig config, FirstStage firstStage)
    {
        if (config.ImageSize % firstStage.DownsamplingFactor != 0)
        {
            throw new UserInputException(
                $"data.size {config.ImageSize} must be a multiple of {firstStage.DownsamplingFactor}, by which the first "
                    + "stage makes images smaller."
            );
        }

        try
        {
            return new NoisyLatentClassifier(config, firstStage);
        }
        catch (ArgumentException e)
        {
            throw new UserInputException($"The configuration does not describe a classifier: {e.Message}", e);
        }
    }

    private static void RequireClasses(IImageSource source, string setting)
    {
        if (source.ClassNames.Count < 2)
        {
            throw new UserInputException(
                $"The images of {setting} have {source.ClassNames.Count} classes and a classifier needs at least 2: put them "
                    + "into sub-folders named by class, or set class_column."
            );
        }

        for (var i = 0; i < source.Count; i++)
        {
            if (source.Describe(i).ClassId is null)
            {
                throw new UserInputException(
                    $"Image \"{source.Describe(i).Name}\" of {setting} has no class: put it into a sub-folder named by its "
                        + "class, or remove it."
                );
            }
        }
    }
}
