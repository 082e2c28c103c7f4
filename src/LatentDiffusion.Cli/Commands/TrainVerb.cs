using System.CommandLine;
using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;
using LatentDiffusion.Training;
using LatentDiffusion.Training.Experiments;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm train</c>: trains what a configuration describes.</summary>
internal sealed class TrainVerb : Verb
{
    private readonly Argument<string> _config = new("config") { Description = "The YAML file that describes the run" };

    private readonly Argument<string[]> _overrides = new("key=value")
    {
        Description = "Changes to it, with dots for nested keys: training.batch_size=16",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _run = new("--run")
    {
        Description = "Folder of the run (default: runs/ and the file's name)",
        HelpName = "DIR",
    };

    private readonly Option<bool> _resume = new("--resume") { Description = "Continue the run that the folder holds" };

    private readonly Option<long?> _steps = new("--steps")
    {
        Description = "Stop after this many steps of the whole run",
        HelpName = "N",
    };

    private readonly Option<double?> _minutes = new("--minutes")
    {
        Description = "Stop after this many minutes of training",
        HelpName = "M",
    };

    public TrainVerb()
        : base(
            "train",
            "Train an autoencoder, a latent diffusion model, a classifier or a feature network",
            "ldm train configs/demo/autoencoder.yaml --minutes 30"
        )
    {
        Arguments.Add(_config);
        Arguments.Add(_overrides);
        Options.Add(_run);
        Options.Add(_resume);
        Options.Add(_steps);
        Options.Add(_minutes);
        Positive.Require(_steps);
        Positive.Require(_minutes);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var path = arguments.GetRequiredValue(_config);
        var run = arguments.GetValue(_run) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path));
        var experiment = Bind(path, arguments.GetValue(_overrides) ?? [], context.Seed);
        var resume = arguments.GetValue(_resume);
        if (resume && CheckpointFolders.In(run).Count == 0)
        {
            context.Output.Log($"{run} holds no checkpoint: the run starts from the beginning.");
        }

        context.OpenCpu();
        using var progress = context.Output.StartProgress();
        var result = new Trainer(experiment, run)
        {
            Resume = resume,
            Limit = new TrainingLimit(
                arguments.GetValue(_steps),
                arguments.GetValue(_minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : null
            ),
            Log = context.Output.Log,
        }.Run(progress, cancellation);
        progress.Dispose();
        context.Output.Result(
            new
            {
                result.RunFolder,
                result.Step,
                result.StepsThisSession,
                Seconds = Math.Round(result.Elapsed.TotalSeconds, 1),
                StepsPerSecond = PerSecond(result.StepsThisSession),
                ImagesPerSecond = PerSecond(result.StepsThisSession * experiment.Training.SamplesPerStep),
                HoursPerEpoch = HoursFor(result.EpochImages),
                Loss = double.IsNaN(result.Loss) ? (double?)null : result.Loss,
            },
            r =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{r.Step} steps done ({r.StepsThisSession} now, in {r.Seconds} s), loss {r.Loss:g4}: {r.RunFolder}"
                )
        );
        return Task.FromResult(ExitCode.Done);

        double? PerSecond(long count) =>
            result.StepsThisSession == 0 ? null : Math.Round(count / result.Elapsed.TotalSeconds, 3);

        double? HoursFor(int? images) =>
            result.StepsThisSession == 0
                ? null
                : images * result.Elapsed.TotalHours / (result.StepsThisSession * experiment.Training.SamplesPerStep);
    }

    private static ExperimentConfig Bind(string path, IReadOnlyList<string> overrides, long? seed)
    {
        if (overrides.FirstOrDefault(o => !o.Contains('=', StringComparison.Ordinal)) is { } wrong)
        {
            throw new UserInputException($"'{wrong}' is no change of the form key=value.");
        }

        IEnumerable<string> fromOption = seed is { } n ? [$"seed={n.ToString(CultureInfo.InvariantCulture)}"] : [];
        return ConfigDocument.Load(path).WithOverrides([.. overrides, .. fromOption]).Bind<ExperimentConfig>();
    }
}
