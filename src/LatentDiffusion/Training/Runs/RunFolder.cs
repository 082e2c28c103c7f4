using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;
using LatentDiffusion.Training.Experiments;

namespace LatentDiffusion.Training.Runs;

/// <summary>The folder of one training run: its resolved configuration, checkpoints, log and sheets.</summary>
public sealed class RunFolder
{
    private const string ConfigName = "config.yaml";

    private RunFolder(string path) => Root = path;

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>One JSON object per logged step.</summary>
    public string MetricsFile => Path.Combine(Root, "metrics.jsonl");

    /// <summary>TensorBoard event files.</summary>
    public string TensorBoardFolder => Path.Combine(Root, "tensorboard");

    /// <summary>The loss curves.</summary>
    public string LossPlotFile => Path.Combine(Root, "loss.png");

    /// <summary>The complete checkpoints, oldest first.</summary>
    public IReadOnlyList<CheckpointFolder> Checkpoints => CheckpointFolders.In(Root);

    /// <summary>The sheet of samples or reconstructions after a step.</summary>
    public string SheetFile(long step) => Path.Combine(SheetsFolder, $"step-{step:d8}.png");

    private string SheetsFolder => Path.Combine(Root, "sheets");

    /// <summary>Starts a run or opens one to continue it.</summary>
    /// <param name="path">The folder; created when missing.</param>
    /// <param name="config">The resolved configuration, stored with the run.</param>
    /// <param name="resume">Whether to continue what the folder holds.</param>
    /// <exception cref="UserInputException">
    /// The folder holds checkpoints of another run, or of the same one and <paramref name="resume"/> is false.
    /// </exception>
    public static RunFolder Open(string path, ExperimentConfig config, bool resume)
    {
        ArgumentNullException.ThrowIfNull(config);
        // A round trip through YAML: paths relative to the current directory would change their meaning in the folder.
        config = ConfigDocument.Parse(ConfigWriter.ToYaml(config), "The configuration").Bind<ExperimentConfig>();
        var folder = new RunFolder(Path.GetFullPath(path));
        var stored = Path.Combine(folder.Root, ConfigName);
        // Without a checkpoint there is nothing to lose or to continue, as after a mistake in the data.
        if (File.Exists(stored) && folder.Checkpoints.Count > 0)
        {
            if (!resume)
            {
                throw new UserInputException(
                    $"{path} already holds a run: continue it with --resume, or name another folder with --run."
                );
            }

            var previous = ConfigDocument.Load(stored).Bind<ExperimentConfig>();
            if (Essence(previous) != Essence(config))
            {
                throw new UserInputException(
                    $"{path} was started with another configuration: when a run is resumed, only 'training', "
                        + $"'samples', 'validation' and data.workers may change. Compare with {stored}, or name another folder with --run."
                );
            }
        }

        OutputFolder.Create(folder.Root);
        AtomicDirectory.CleanUp(folder.Root);
        AtomicDirectory.CleanUp(folder.SheetsFolder);
        AtomicFile.WriteText(stored, ConfigWriter.ToYaml(config));
        return folder;
    }

    // Length, log and sheets may change from one session of a run to the next; what decides the numbers may not.
    private static string Essence(ExperimentConfig config)
    {
        var numbers = config with
        {
            Training = new TrainingConfig
            {
                BatchSize = config.Training.BatchSize,
                Accumulate = config.Training.Accumulate,
            },
        };
        numbers = numbers switch
        {
            ImageExperimentConfig images => images with { Data = images.Data with { Workers = 0 } },
            ClassifierExperiment classifier => classifier.WithoutWorkers(),
            _ => numbers,
        };
        return ConfigWriter.ToYaml(
            numbers switch
            {
                DiffusionExperiment diffusion => diffusion with
                {
                    Samples = new SampleSheetConfig(),
                    Validation = null,
                },
                NoisyClassifierExperiment classifier => classifier with { Validation = null },
                _ => numbers,
            }
        );
    }
}
