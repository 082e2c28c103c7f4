using System.Globalization;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>A table of an experiment, for Markdown and HTML alike.</summary>
/// <param name="Title">What the numbers are.</param>
/// <param name="Rows">The head and the rows below it, all of one length.</param>
internal sealed record ResultTable(string Title, IReadOnlyList<string[]> Rows)
{
    /// <summary>Samplers downwards, steps to the right.</summary>
    public static ResultTable OfSamplers(
        string title,
        string format,
        IReadOnlyList<SamplerRow> cells,
        Func<SamplerRow, double?> value
    )
    {
        var steps = cells.Select(c => c.Steps).Distinct().Order().ToList();
        string[] head = ["sampler", "spacing", .. steps.Select(s => s.ToString(CultureInfo.InvariantCulture))];
        var rows = cells
            .GroupBy(c => (c.Sampler, c.Spacing))
            .Select(group =>
                (string[])
                    [
                        group.Key.Sampler,
                        group.Key.Spacing.ToString().ToLowerInvariant(),
                        .. steps.Select(s => Number(group.FirstOrDefault(c => c.Steps == s))),
                    ]
            );
        return new ResultTable(title, [head, .. rows]);

        string Number(SamplerRow? cell) =>
            cell is null ? "" : value(cell)?.ToString(format, CultureInfo.InvariantCulture) ?? "";
    }
}
