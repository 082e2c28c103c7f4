using System.CommandLine;
using System.Globalization;
using LatentDiffusion.Data.Checking;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm data check</c>: what a data set holds and what is wrong with it.</summary>
internal sealed class CheckDataVerb : Verb
{
    // In words; JSON has all.
    private const int MostProblems = 20;

    private readonly Argument<string> _folder = new("folder")
    {
        Description = "Folder of images, label maps, layouts, captions or tables; or a parquet file",
    };

    public CheckDataVerb()
        : base("check", "Tell what a data set holds and what is wrong with it", "ldm data check out/data/scenes")
    {
        Arguments.Add(_folder);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        using var progress = context.Output.StartProgress();
        var report = DataCheck.Run(context.Arguments.GetRequiredValue(_folder), progress, cancellation);
        progress.Dispose();
        context.Output.Result(report, InWords);
        return Task.FromResult(report.IsRight ? ExitCode.Done : ExitCode.Failed);
    }

    private static string InWords(DataReport report)
    {
        string Number(int n) => n.ToString("N0", CultureInfo.InvariantCulture);

        var lines = report
            .Found.Select(f =>
                $"{Number(f.Count)} {f.Kind}{(f.Path == "." ? "" : $" in {f.Path}")}{(f.Detail.Length == 0 ? "" : $": {f.Detail}")}"
            )
            .ToList();
        lines.AddRange(report.Problems.Take(MostProblems).Select(p => $"wrong: {p.File}: {p.Problem}"));
        if (report.Problems.Count > MostProblems)
        {
            lines.Add($"... and {Number(report.Problems.Count - MostProblems)} more (--json lists all)");
        }

        lines.Add(
            report.IsRight
                ? "Nothing is wrong."
                : $"{Number(report.Problems.Count)} thing{(report.Problems.Count == 1 ? " is" : "s are")} wrong."
        );
        return string.Join('\n', lines);
    }
}
