using System.CommandLine;
using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Errors;

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
        var results =
            ExperimentFiles.Read<PlanResults>(folder)
            ?? new PlanResults($"{name}, {scale}", plan.Seed, context.Threads, Entries: []);
        CheckSame(results, plan.Seed, context.Threads, folder);
        using var progress = context.Output.StartProgress();
        results = await new PlanRun(plan, file.Places(folder), folder, context.Threads).RunAsync(
            results,
            progress,
            cancellation
        );
        progress.Dispose();
        // The folder may also have results of what is no longer in the plan.
        var told = results.Of(PlanRun.Runs(plan));
        var command = FormattableString.Invariant(
            $"ldm experiment {name} --scale {scale} --seed {plan.Seed} --threads {context.Threads}"
        );
        var report = new PlanReport(plan, told, command, folder);
        report.Write();
        context.Output.Result(
            new
            {
                Folder = Path.GetFullPath(folder),
                Page = Path.GetFullPath(report.Page),
                told.Entries,
            },
            r => $"{report.InWords()}\n\n{r.Page}"
        );
        return ExitCode.Done;
    }

    // Numbers of several seeds in one table would be taken for those of one.
    private static void CheckSame(PlanResults results, long seed, int threads, string folder)
    {
        if ((results.Seed, results.Threads) != (seed, threads))
        {
            throw new UserInputException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{folder} has results of --seed {results.Seed} --threads {results.Threads}, "
                        + $"not of --seed {seed} --threads {threads}: choose another folder with --out."
                )
            );
        }
    }
}
