using System.Globalization;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>Writes figures with what they were measured with, as in <c>rFID[features@64]</c>.</summary>
internal static class Figures
{
    /// <summary>A figure's name.</summary>
    /// <param name="measure">What was measured.</param>
    /// <param name="network">The network that it was measured with; null for none.</param>
    /// <param name="size">The images' size, see <see cref="Size"/>; null where it does not matter.</param>
    public static string Name(string measure, string? network, string? size = null) =>
        (network, size) switch
        {
            (null, _) => measure,
            (_, null) => $"{measure}[{network}]",
            _ => $"{measure}[{network}@{size}]",
        };

    /// <summary>The size of images in a figure's name.</summary>
    /// <param name="size">Width and height; null where images differ.</param>
    public static string Size((int Width, int Height)? size) =>
        size is not { } sides ? "mixed"
        : sides.Width == sides.Height ? Number(sides.Width, "0")
        : string.Create(CultureInfo.InvariantCulture, $"{sides.Width}x{sides.Height}");

    /// <summary>Figures below each other, a line each.</summary>
    /// <param name="rows">Names and values; without a value a row is left out.</param>
    public static IEnumerable<string> Lines(IEnumerable<(string Name, string? Value)> rows)
    {
        var shown = rows.Where(row => row.Value is not null).ToList();
        var width = shown.Max(row => row.Name.Length);
        return shown.Select(row => $"  {row.Name.PadRight(width)}  {row.Value}");
    }

    /// <summary>A number in English.</summary>
    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
