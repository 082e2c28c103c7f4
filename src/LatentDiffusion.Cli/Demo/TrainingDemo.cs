using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;
using LatentDiffusion.Training;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Logging;

namespace LatentDiffusion.Cli.Demo;

/// <summary>What the demo did and where to look.</summary>
internal sealed record TrainingDemoResult(
    string Page,
    long AutoencoderSteps,
    long DiffusionSteps,
    double Psnr,
    long Seed
);

/// <summary>
/// The demo: both stages from the configurations under configs/demo, then samples, reconstructions, curves and a page.
/// </summary>
/// <param name="folder">Where everything goes.</param>
/// <param name="budget">Training time of both stages together.</param>
/// <param name="seed">Replaces the configurations' seed, or null.</param>
internal sealed class TrainingDemo(string folder, TimeSpan budget, long? seed)
{
    private const double AutoencoderShare = 0.4;
    private const int SamplesPerClass = 16;
    private const int SheetColumns = 8;
    private const int ReconstructionsShown = 24;
    private const int SamplerSteps = 20;
    private const int SamplerBatch = 32;
    private const double Guidance = 2;

    private string AutoencoderFolder => Path.Combine(folder, "autoencoder");

    private string DiffusionFolder => Path.Combine(folder, "latent-diffusion");

    /// <summary>Runs or continues the demo.</summary>
    public TrainingDemoResult Execute(
        Action<string> log,
        IProgress<StepProgress> progress,
        CancellationToken cancellation
    )
    {
        var autoencoder = Load<AutoencoderExperiment>("autoencoder.yaml");
        var diffusion = Load<DiffusionExperiment>("latent-diffusion.yaml") with { FirstStage = AutoencoderFolder };

        // The second stage keeps its own copy of the first: once it has started, only it can be trained further.
        var continues = CheckpointFolders.In(DiffusionFolder).Count > 0;
        if (!continues)
        {
            Train(autoencoder, AutoencoderFolder, budget * AutoencoderShare, log, progress, cancellation);
        }

        var diffusionBudget = continues ? budget : budget * (1 - AutoencoderShare);
        var trained = Train(diffusion, DiffusionFolder, diffusionBudget, log, progress, cancellation);

        using var model = ModelFile.LoadLatentDiffusion(DiffusionFolder);
        var psnr = WriteReconstructions(model, autoencoder, progress, cancellation);
        var groups = WriteSamples(model, autoencoder.Seed, progress, cancellation);
        WriteCurve(AutoencoderFolder, "reconstruction", "Autoencoder: mean absolute error", "loss-autoencoder.png");
        WriteCurve(DiffusionFolder, "loss", "Latent diffusion: error of the predicted latents", "loss-diffusion.png");
        var autoencoderSteps = CheckpointFolders.In(AutoencoderFolder)[^1].Step;
        var page = Path.Combine(folder, "index.html");
        AtomicFile.WriteText(
            page,
            TrainingDemoPage.Render(
                new TrainingDemoContent(
                    groups,
                    SamplerSteps,
                    Guidance,
                    autoencoder.Seed,
                    autoencoderSteps,
                    trained.Step,
                    psnr
                )
            )
        );
        return new TrainingDemoResult(page, autoencoderSteps, trained.Step, Math.Round(psnr, 2), autoencoder.Seed);
    }

    private T Load<T>(string name)
        where T : ExperimentConfig
    {
        IEnumerable<string> overrides = seed is { } n ? [$"seed={n.ToString(CultureInfo.InvariantCulture)}"] : [];
        var config = ConfigDocument
            .Load(Path.Combine(AppContext.BaseDirectory, "configs", "demo", name))
            .WithOverrides(overrides)
            .Bind<ExperimentConfig>();
        return config as T ?? throw new UserInputException($"configs/demo/{name} is not of the kind the demo needs.");
    }

    private static TrainingResult Train(
        ExperimentConfig experiment,
        string run,
        TimeSpan time,
        Action<string> log,
        IProgress<StepProgress> progress,
        CancellationToken cancellation
    ) =>
        new Trainer(experiment, run)
        {
            Resume = true,
            Limit = new TrainingLimit(Time: time),
            Log = log,
        }.Run(progress, cancellation);

    private double WriteReconstructions(
        LatentDiffusionModel model,
        AutoencoderExperiment experiment,
        IProgress<StepProgress> progress,
        CancellationToken cancellation
    )
    {
        var heldOut = (experiment.Data with { Where = "split=test", FlipProbability = 0 }).OpenDataset(experiment.Seed);
        WriteImage("reconstructions.png", ReconstructionSheet.Draw(model.FirstStage, heldOut, ReconstructionsShown));
        return new Reconstruction(model.FirstStage)
            .Reconstruct(heldOut, Enumerable.Range(0, heldOut.Count))
            .Select(
                (pair, done) =>
                {
                    cancellation.ThrowIfCancellationRequested();
                    progress.Report(new StepProgress("reconstruct", done + 1, heldOut.Count));
                    return PeakSignalToNoise.Of(pair.Input, pair.Output);
                }
            )
            .Average();
    }

    private List<DemoGroup> WriteSamples(
        LatentDiffusionModel model,
        long firstSeed,
        IProgress<StepProgress> progress,
        CancellationToken cancellation
    )
    {
        var classes = model.Config.Classes;
        var images = new ImageSampler(model).Sample(
            new SamplingRequest
            {
                Classes =
                [
                    .. Enumerable.Range(0, classes.Count).SelectMany(c => Enumerable.Repeat((int?)c, SamplesPerClass)),
                ],
                Seed = firstSeed,
                Steps = SamplerSteps,
                Guidance = Guidance,
                BatchSize = SamplerBatch,
            },
            progress,
            cancellation
        );
        var ofClass = images.Chunk(SamplesPerClass).ToList();
        List<DemoGroup> groups = [];
        for (var c = 0; c < classes.Count; c++)
        {
            var file = $"samples-{classes[c]}.png";
            WriteImage(file, Sheet.Draw(ofClass[c]));
            groups.Add(new DemoGroup(classes[c], file, firstSeed + c * SamplesPerClass));
        }

        var overview = ofClass.SelectMany(group => group.Take(SheetColumns)).ToList();
        WriteImage("samples.png", (Sheet with { RowCaptions = classes }).Draw(overview));
        return groups;
    }

    private static ContactSheet Sheet => new(SheetColumns) { Upscale = 3 };

    private void WriteCurve(string run, string metric, string title, string file) =>
        LossPlot.Write(MetricsFile.Read(Path.Combine(run, "metrics.jsonl")), metric, title, Path.Combine(folder, file));

    private void WriteImage(string name, RgbImage image) =>
        AtomicFile.Write(Path.Combine(folder, name), stream => PngEncoder.Write(image, stream));
}
