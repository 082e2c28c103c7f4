using System.Globalization;
using LatentDiffusion.Data;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Progress;
using LatentDiffusion.Training.Experiments;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Makes a latent diffusion model and its trainer from a configuration and its images.</summary>
internal static class DiffusionSetup
{
    /// <param name="experiment">The configuration.</param>
    /// <param name="dataset">The training images.</param>
    /// <param name="log">Told what of the captions is of no use, and what does not start from a trained model.</param>
    /// <param name="progress">Told while images are encoded.</param>
    /// <param name="cancellation">Stops the encoding.</param>
    /// <exception cref="UserInputException">Configuration and images do not fit together.</exception>
    public static DiffusionTrainer Create(
        DiffusionExperiment experiment,
        ImageDataset dataset,
        Action<string> log,
        IProgress<StepProgress>? progress,
        CancellationToken cancellation
    )
    {
        var (firstStage, firstStageConfig) = TrainedFirstStage.Open(experiment.FirstStage);
        CheckImages(experiment.Conditioner, dataset.Source);
        var classes = experiment.Conditioner?.UsesClasses == true ? dataset.Source.ClassNames : [];
        var annotated = AnnotatedImages.Open(experiment.Conditioner?.Singles ?? [], experiment.Data, dataset, "data");
        var validation = experiment.Validation is { } settings
            ? annotated.Validation(settings.Images, ValidationSet.Open(settings, classes))
            : null;
        TrainingStream.SeedInitialWeights(experiment.Seed);
        var model = CreateModel(
            new LatentDiffusionModelConfig
            {
                FirstStage = firstStageConfig,
                ImageSize = experiment.Data.Size,
                Unet = experiment.Unet,
                Conditioner = experiment.Conditioner,
                Classes = classes,
                MapLabels = annotated.Labels.Maps,
                LayoutLabels = annotated.Labels.Layouts,
                Schedule = experiment.Schedule,
                Objective = experiment.Objective,
            },
            firstStage
        );
        if (experiment.Conditioner?.UsesCaptions == true)
        {
            PretrainedText.LoadInto(model);
            Describe(model.Conditioner!, dataset.Source, log);
        }

        var batchSize = experiment.Training.BatchSize;
        return new DiffusionTrainer(
            experiment,
            model,
            validation,
            SheetSubjects.Of(experiment, annotated.Images, validation),
            firstSample =>
                experiment.CacheLatents
                    ? new CachedLatents(
                        model.FirstStage,
                        annotated.Images,
                        batchSize,
                        firstSample,
                        progress,
                        cancellation
                    )
                    : new EncodedLatents(
                        model.FirstStage,
                        new BatchLoader(annotated.Images, batchSize, experiment.Data.Workers, firstSample)
                    ),
            log
        );
    }

    private static void CheckImages(ConditionerConfig? conditioner, IImageSource images)
    {
        if (conditioner?.UsesClasses == true && images.ClassNames.Count == 0)
        {
            throw new UserInputException(
                "The conditioner needs classes and the images have none: put them into sub-folders named by class, "
                    + "set data.class_column, or remove 'conditioner'."
            );
        }

        if (conditioner?.UsesCaptions == true && ImageConditions.Captions(images).All(caption => caption is null))
        {
            throw new UserInputException(
                "The conditioner needs captions and the images have none: give them text files of their names or a "
                    + "metadata.jsonl, set data.caption_column, or remove 'conditioner'."
            );
        }
    }

    private static void Describe(Conditioner conditioner, IImageSource images, Action<string> log)
    {
        var inputs = Enumerable.Range(0, images.Count).Select(i => ImageConditions.Of(images.Describe(i))).ToList();
        Report(inputs.Count(input => input.Prompt is null), "have no caption: they train the empty prompt");
        Report(
            inputs.Count(input => conditioner.CutFrom(input) is not null),
            "have a caption longer than the text encoder reads: its end is cut"
        );

        void Report(int count, string what)
        {
            if (count > 0)
            {
                log(string.Create(CultureInfo.InvariantCulture, $"{count:n0} of {images.Count:n0} images {what}"));
            }
        }
    }

    private static LatentDiffusionModel CreateModel(LatentDiffusionModelConfig config, FirstStage firstStage)
    {
        LatentDiffusionModel model;
        try
        {
            model = new LatentDiffusionModel(config, firstStage);
        }
        catch (ArgumentException e)
        {
            throw new UserInputException($"The configuration does not describe a model: {e.Message}", e);
        }

        return config.ImageSize % model.SizeMultiple == 0
            ? model
            : throw new UserInputException(
                $"data.size {config.ImageSize} must be a multiple of {model.SizeMultiple}: the first stage makes images "
                    + $"{firstStage.DownsamplingFactor} times smaller and the UNet {model.Unet.SizeMultiple} times more."
            );
    }
}
