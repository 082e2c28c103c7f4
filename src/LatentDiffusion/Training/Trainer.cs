using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Features;
using LatentDiffusion.Progress;
using LatentDiffusion.Tensors.Runtime;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;
using LatentDiffusion.Training.Trainers;

namespace LatentDiffusion.Training;

/// <summary>Trains what a configuration describes: the library's counterpart of <c>ldm train</c>.</summary>
/// <param name="experiment">The configuration.</param>
/// <param name="runFolder">Where checkpoints, log and sheets go.</param>
public sealed class Trainer(ExperimentConfig experiment, string runFolder)
{
    private int? _epochImages;

    /// <summary>Whether to continue the run that the folder holds.</summary>
    public bool Resume { get; init; }

    /// <summary>When to stop short of the configured steps.</summary>
    public TrainingLimit Limit { get; init; } = new();

    /// <summary>Told one plain line about the data and the model before training starts.</summary>
    public Action<string> Log { get; init; } = _ => { };

    /// <summary>Trains on the calling thread.</summary>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand and a checkpoint.</param>
    /// <exception cref="UserInputException">Configuration, data or run folder are wrong.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the checkpoint is written.</exception>
    /// <exception cref="TrainingDivergedException">The loss or a weight is no longer a finite number.</exception>
    public TrainingResult Run(IProgress<StepProgress>? progress = null, CancellationToken cancellation = default)
    {
        AllocatorSettings.KeepLargestBlocks();
        if (experiment.Optimizer.ScaleLearningRate)
        {
            Log(DescribeScaledLearningRate(experiment.Optimizer, experiment.Training));
        }

        using ITrainer trainer = experiment switch
        {
            AutoencoderExperiment autoencoder => CreateAutoencoderTrainer(autoencoder),
            DiffusionExperiment diffusion => DiffusionSetup.Create(
                diffusion,
                Open(diffusion),
                Log,
                progress,
                cancellation
            ),
            NoisyClassifierExperiment noisy => NoisyClassifierSetup.Create(noisy, Open(noisy), progress, cancellation),
            ClassifierExperiment classifier => new ClassifierTrainer(classifier, Log),
            _ => throw new InvalidOperationException($"No trainer for {experiment.GetType().Name}."),
        };
        var continues = Resume && CheckpointFolders.In(runFolder).Count > 0;
        if (experiment.InitFrom is { } start && !continues)
        {
            trainer.StartFrom(start);
        }

        var run = RunFolder.Open(runFolder, experiment, Resume);
        return new TrainingLoop(trainer, run, experiment.Training, TimeProvider.System).Run(
            Limit,
            progress,
            cancellation
        ) with
        {
            EpochImages = _epochImages,
        };
    }

    private ImageDataset Open(ImageExperimentConfig experiment)
    {
        var dataset = experiment.Data.OpenDataset(experiment.Seed);
        Log(DatasetSummary.Of(dataset.Source).ToString());
        _epochImages = dataset.Count;
        return dataset;
    }

    private AutoencoderTrainer CreateAutoencoderTrainer(AutoencoderExperiment experiment)
    {
        var dataset = Open(experiment);
        if (experiment.Loss.Perceptual is not { } perceptual)
        {
            Log("no perceptual network (loss.perceptual): reconstructions are compared by absolute error alone");
            return new AutoencoderTrainer(experiment, dataset);
        }

        var distance = FeatureNetworkFile.LoadDistance(
            perceptual.Network,
            perceptual.Heads,
            headDropout: experiment.Loss.Parity
        );
        Log($"perceptual distance by the features of {distance.Network.Name}");
        return new AutoencoderTrainer(experiment, dataset, distance);
    }

    private static string DescribeScaledLearningRate(OptimizerConfig optimizer, TrainingConfig training)
    {
        var scaled = optimizer.LearningRate * training.SamplesPerStep;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"learning rate {optimizer.LearningRate:g4} x {training.BatchSize} images x {training.Accumulate} batches "
                + $"= {scaled:g4}"
        );
    }
}
