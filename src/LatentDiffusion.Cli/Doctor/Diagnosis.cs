namespace LatentDiffusion.Cli.Doctor;

/// <summary>All checks and what follows from them.</summary>
internal sealed record Diagnosis(bool Usable, string Summary, IReadOnlyList<Check> Checks)
{
    public static Diagnosis From(IReadOnlyList<Check> checks)
    {
        var problems = checks.Count(c => c.Status == CheckStatus.Problem);
        var warnings = checks.Count(c => c.Status == CheckStatus.Warning);
        var summary =
            problems > 0 ? $"This machine cannot run it yet: see the {Lines(problems, "problem")} above."
            : warnings > 0 ? $"Ready to use; the {Lines(warnings, "warning")} above may cost speed or comfort."
            : "Everything is in order.";
        return new Diagnosis(problems == 0, summary, checks);
    }

    public string InWords()
    {
        var width = Checks.Max(c => c.Name.Length);
        var lines = Checks.Select(c => $"{Word(c.Status), -8} {c.Name.PadRight(width)}  {c.Text}");
        return string.Join(Environment.NewLine, [.. lines, "", Summary]);
    }

    private static string Word(CheckStatus status) =>
        status switch
        {
            CheckStatus.Ok => "ok",
            CheckStatus.Warning => "warning",
            _ => "PROBLEM",
        };

    private static string Lines(int count, string name) => count == 1 ? name : $"{count} {name}s";
}
