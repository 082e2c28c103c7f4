using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Text.Json;
using LatentDiffusion.Cli.Processes;
using LatentDiffusion.Errors;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>
/// Runs a plan's commands, each in a process of its own, and keeps what they print. What was run before with the same command,
/// seed, threads and configurations is not run again, so an experiment that was stopped goes on.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="places">What {out} and {root} stand for.</param>
/// <param name="folder">The experiment's folder.</param>
/// <param name="threads">Threads of every command.</param>
internal sealed class PlanRun(ExperimentPlan plan, Bindings places, string folder, int threads)
{
    /// <summary>Runs what is left.</summary>
    /// <param name="results">What there is.</param>
    /// <param name="progress">Told after every command, and of what a command says.</param>
    /// <param name="cancellation">Stops the running command.</param>
    /// <exception cref="CommandFailedException">A command was refused or failed.</exception>
    public async Task<PlanResults> RunAsync(
        PlanResults results,
        IProgress<StepProgress> progress,
        CancellationToken cancellation
    )
    {
        var runs = Runs(plan).ToList();
        foreach (var (number, (step, bindings)) in runs.Index())
        {
            var command = Line(step, bindings);
            var configurations = PlanInputs.Configurations(command);
            var name = $"{step.Name} {bindings.Text}".TrimEnd();
            if (results.Find(step.Name, bindings) is { } earlier)
            {
                if ((earlier.Command, earlier.Configurations) == (command, configurations))
                {
                    continue;
                }

                CheckCanStartAnew(name, command);
            }

            Tell(name);
            var start = Stopwatch.GetTimestamp();
            var output = await RunAsync(name, command, said => Tell($"{name}: {said}"), cancellation);
            // What later commands made of the same files is no longer true.
            var affected = runs.Skip(number)
                .Where(run => PlanInputs.Uses(command, Line(run.Step, run.Bindings)))
                .Select(run => (run.Step.Name, run.Bindings.Text));
            results = results
                .Without(affected.ToHashSet())
                .With(
                    new PlanEntry(
                        step.Name,
                        bindings.Text,
                        command,
                        configurations,
                        Provenance.Here,
                        Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 1),
                        JsonDocument.Parse(output).RootElement
                    )
                );
            ExperimentFiles.Write(folder, results);

            void Tell(string detail) => progress.Report(new StepProgress("commands", number, runs.Count, detail));
        }

        return results;
    }

    /// <summary>All runs of a plan's steps, in order.</summary>
    public static IEnumerable<(PlanStep Step, Bindings Bindings)> Runs(ExperimentPlan plan) =>
        from stage in plan.Stages
        from bindings in Bindings.Combinations(stage.For)
        from step in stage.Steps
        select (step, bindings);

    /// <summary>The command of a run, without 'ldm'.</summary>
    /// <param name="step">The step.</param>
    /// <param name="bindings">Values of its variables, which may name places.</param>
    /// <param name="places">What {out} and {root} stand for.</param>
    /// <exception cref="UserInputException">The step uses a variable that has no value.</exception>
    public static string Command(PlanStep step, Bindings bindings, Bindings places) =>
        places.Fill(new Bindings([.. bindings.Values, .. places.Values.Select(Kept)]).Fill(step.Run));

    // Values may name places, so these are put in last.
    private static (string Name, string Value) Kept((string Name, string Value) place) =>
        (place.Name, $"{{{place.Name}}}");

    // What another command or configuration has trained must not go on under the new one's name.
    private static void CheckCanStartAnew(string name, string command)
    {
        if (PlanInputs.ContinuedRun(command) is { } run)
        {
            throw new UserInputException(
                $"The step '{name}' was run with another command or configuration: delete {run} to train anew, "
                    + "or choose another folder with --out."
            );
        }
    }

    // Whole, so that it can be repeated by itself.
    private string Line(PlanStep step, Bindings bindings) =>
        FormattableString.Invariant($"{Command(step, bindings, places)} --seed {plan.Seed} --threads {threads}");

    private static async Task<string> RunAsync(
        string name,
        string command,
        Action<string> said,
        CancellationToken cancellation
    )
    {
        try
        {
            return await ThisProgram.RunAsync(
                [.. CommandLineParser.SplitCommandLine(command), "--json"],
                cancellation,
                said
            );
        }
        catch (CommandFailedException e)
        {
            throw new CommandFailedException($"The step '{name}' failed (ldm {command}): {e.Message}", e.ExitCode, e);
        }
    }
}
