using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LatentDiffusion.Cli.Bench;
using LatentDiffusion.Cli.Doctor;
using LatentDiffusion.Errors;
using LatentDiffusion.Kernels;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm bench</c>: speed and memory of the hot paths, as shares of what this machine can do.</summary>
internal sealed class BenchVerb : Verb
{
    private readonly Option<string?> _filter = new("--filter")
    {
        Description = "Only cases whose names contain this",
        HelpName = "TEXT",
    };

    private readonly Option<bool> _list = new("--list") { Description = "Name the cases and measure nothing" };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "Time per case; at least three repeats are made, with 0 a single one",
        HelpName = "S",
        DefaultValueFactory = _ => 5,
    };

    private readonly Option<KernelKind?> _kernels = new("--kernels")
    {
        Description = "plain (libtorch alone), avx2 or avx512 (default: the best this processor has)",
        HelpName = "KIND",
    };

    private readonly Option<string?> _compare = new("--compare")
    {
        Description = "A former --json report: print ratios of the shares of peak",
        HelpName = "FILE",
    };

    private readonly Option<double?> _failBelow = new("--fail-below")
    {
        Description = "With --compare: exit code 1 when a ratio is smaller",
        HelpName = "R",
    };

    private readonly Option<string?> _growth = new("--growth")
    {
        Description = "Measure how cost grows with size, batch, steps, tokens and width; tables and plots go here",
        HelpName = "DIR",
    };

    private readonly Option<string?> _case = new("--case") { Hidden = true };

    public BenchVerb()
        : base("bench", "Measure speed and memory of the hot paths", "ldm bench --filter unet --compare before.json")
    {
        Options.Add(_filter);
        Options.Add(_list);
        Options.Add(_seconds);
        Options.Add(_kernels);
        Options.Add(_compare);
        Options.Add(_failBelow);
        Options.Add(_growth);
        Options.Add(_case);
        Positive.OrZero(_seconds);
        Positive.Require(_failBelow);
    }

    public override async Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var kind = context.Arguments.GetValue(_kernels) ?? KernelChoice.Current;
        if (kind > KernelChoice.Best)
        {
            throw new UserInputException($"--kernels {kind}: this processor does not have these instructions.");
        }

        if (context.Arguments.GetValue(_case) is { } name)
        {
            return MeasureHere(context, name, kind);
        }

        if (context.Arguments.GetValue(_growth) is { } folder)
        {
            return await MeasureGrowthAsync(context, folder, kind, cancellation);
        }

        var cases = Chosen(context.Arguments.GetValue(_filter));
        if (context.Arguments.GetValue(_list))
        {
            context.Output.Result(
                cases.Select(c => new { c.Name, c.Shape }),
                list => string.Join('\n', list.Select(c => $"{c.Name, -24} {c.Shape}"))
            );
            return ExitCode.Done;
        }

        var former = context.Arguments.GetValue(_compare) is { } path ? BenchComparison.Read(path) : null;
        var report = new BenchReport(Machine(context, kind), await MeasureAllAsync(context, cases, kind, cancellation));
        if (former is null)
        {
            context.Output.Result(report, BenchTable.Write);
            return ExitCode.Done;
        }

        var changes = BenchComparison.Between(former, report);
        var worst = changes.Count == 0 ? 1 : changes.Min(c => c.Ratio);
        context.Output.Result(
            new
            {
                report.Machine,
                report.Cases,
                Changes = changes,
            },
            _ => $"{BenchTable.Write(report)}\n\n{BenchTable.WriteComparison(changes)}"
        );
        return worst < context.Arguments.GetValue(_failBelow) ? ExitCode.Failed : ExitCode.Done;
    }

    private static List<BenchCase> Chosen(string? filter)
    {
        var chosen = BenchCases
            .All.Where(c => filter is null || c.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))
            .ToList();
        return chosen.Count > 0
            ? chosen
            : throw new UserInputException(
                $"--filter {filter}: no case has this in its name. There are: "
                    + $"{string.Join(", ", BenchCases.All.Select(c => c.Name))}."
            );
    }

    private static BenchMachine Machine(VerbContext context, KernelKind kind) =>
        new(
            LinuxHost.ProcessorName() ?? "unknown processor",
            Environment.ProcessorCount,
            context.Threads,
            kind.ToString().ToLowerInvariant()
        );

    private async Task<List<BenchResult>> MeasureAllAsync(
        VerbContext context,
        List<BenchCase> cases,
        KernelKind kind,
        CancellationToken cancellation
    )
    {
        List<BenchResult> results = [];
        using var progress = context.Output.StartProgress();
        foreach (var benchCase in cases)
        {
            progress.Report(new StepProgress(benchCase.Name, results.Count, cases.Count));
            results.Add(
                await CaseProcess.MeasureAsync(
                    benchCase,
                    context.Arguments.GetValue(_seconds),
                    context.Threads,
                    kind.ToString(),
                    cancellation
                )
            );
        }

        return results;
    }

    private async Task<int> MeasureGrowthAsync(
        VerbContext context,
        string folder,
        KernelKind kind,
        CancellationToken cancellation
    )
    {
        using var progress = context.Output.StartProgress();
        var curves = await Growth.MeasureAsync(
            async benchCase =>
                await CaseProcess.MeasureAsync(
                    benchCase,
                    context.Arguments.GetValue(_seconds),
                    context.Threads,
                    kind.ToString(),
                    cancellation
                ),
            progress
        );
        progress.Dispose();
        GrowthFiles.Write(curves, folder);
        context.Output.Result(
            new { Folder = Path.GetFullPath(folder), Curves = curves },
            r => string.Create(CultureInfo.InvariantCulture, $"{r.Curves.Count} curves: {r.Folder}")
        );
        return ExitCode.Done;
    }

    private int MeasureHere(VerbContext context, string name, KernelKind kind)
    {
        var benchCase =
            BenchCases.All.Concat(Growth.Cases).FirstOrDefault(c => c.Name == name)
            ?? throw new UserInputException($"--case {name}: there is no such case.");
        context.OpenCpu();
        using var choice = KernelChoice.Use(kind);
        var result = Measurement.Take(benchCase, TimeSpan.FromSeconds(context.Arguments.GetValue(_seconds)));
        Console.Out.WriteLine(JsonSerializer.Serialize(result, CaseProcess.Json));
        return ExitCode.Done;
    }
}
