using System.Globalization;
using System.Text;

namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>Text of unknown origin, made fit for a one-line message.</summary>
internal static class OneLine
{
    private const int MaxLength = 120;

    /// <summary>The text in single quotes, control characters escaped, cut when long.</summary>
    public static string Quote(string text) => $"'{Clean(text)}'";

    /// <summary>A shape such as [2, 3].</summary>
    public static string Shape(IEnumerable<long> shape) => Clean($"[{string.Join(", ", shape.Take(MaxLength))}]");

    /// <summary>The text with control characters escaped, cut when long.</summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder();
        foreach (var c in text.Length > MaxLength ? text.AsSpan(0, MaxLength) : text)
        {
            if (char.IsControl(c) || c is '\u2028' or '\u2029')
            {
                clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                clean.Append(c);
            }
        }

        return text.Length > MaxLength ? clean.Append('…').ToString() : clean.ToString();
    }
}
