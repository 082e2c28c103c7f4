using System.CommandLine;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Commands;

namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>The options of an experiment that has a plan.</summary>
internal sealed class PlanOptions
{
    private readonly Option<string?> _out = new("--out")
    {
        Description =
            "Folder for runs, results and the report; what it holds already is not run again "
            + "(default: out/experiments/NAME-SCALE)",
        HelpName = "DIR",
    };

    private readonly Option<string> _scale;

    public PlanOptions()
    {
        _scale = new Option<string>("--scale")
        {
            Description =
                "How much to do: smoke (a minute or two), laptop (up to two hours on 2 cores), paper (the original numbers)",
            DefaultValueFactory = _ => PlanFile.Scales[0],
        };
        _scale.AcceptOnlyFromAmong([.. PlanFile.Scales]);
    }

    public void AddTo(Verb verb)
    {
        verb.Options.Add(_scale);
        verb.Options.Add(_out);
    }

    /// <summary>Runs what is left of a plan and writes the report.</summary>
    /// <param name="name">The experiment.</param>
    /// <param name="context">The command line and the way to talk to the user.</param>
    /// <param name="cancellation">Stops after having kept what is finished.</param>
    public async Task<int> RunAsync(string name, VerbContext context, CancellationToken cancellation)
    {
        var scale = context.Arguments.GetRequiredValue(_scale);
        var file = PlanFile.Find(name, scale);
        var plan = file.Read();
        if (context.Seed is { } seed)
        {
            plan = plan with { Seed = seed };
        }

        var folder = context.Arguments.GetValue(_out) ?? Path.Combine("out", "experiments", $"{name}-{scale}");
        OutputFolder.Create(folder);
        var earlier = ExperimentFiles.Read<PlanResults>(folder)?.Entries ?? [];
        var results = new PlanResults($"{name}, {scale}", earlier);
        using var progress = context.Output.StartProgress();
        results = await new PlanRun(plan, file.Places(folder), folder, context.Threads).RunAsync(
            results,
            progress,
            cancellation
        );
        progress.Dispose();
        var command = FormattableString.Invariant(
            $"ldm experiment {name} --scale {scale} --seed {plan.Seed} --threads {context.Threads}"
        );
        var report = new PlanReport(plan, results, command, folder);
        report.Write();
        context.Output.Result(
            new
            {
                Folder = Path.GetFullPath(folder),
                Page = Path.GetFullPath(report.Page),
                results.Entries,
            },
            r => $"{report.InWords()}\n\n{r.Page}"
        );
        return ExitCode.Done;
    }
}
