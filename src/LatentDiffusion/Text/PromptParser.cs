using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace LatentDiffusion.Text;

/// <summary>
/// The usual grammar of weighted prompts: <c>(word)</c> weighs 1.1 times as much, <c>(word:1.3)</c> 1.3 times, <c>[word]</c>
/// 1/1.1 times; brackets nest and multiply. A backslash takes the meaning from a bracket or backslash. A bracket that is
/// never closed closes at the end; one that was never opened is text.
/// </summary>
internal static partial class PromptParser
{
    private const double Emphasis = 1.1;

    private static readonly char[] Escaped = ['(', ')', '[', ']', '\\'];

    /// <summary>Splits a prompt; neighbours of equal weight are one part.</summary>
    public static IReadOnlyList<PromptPart> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<(StringBuilder Text, double Weight)> parts = [];
        var (round, square) = (new Stack<int>(), new Stack<int>());
        for (var at = 0; at < text.Length; at++)
        {
            var letter = text[at];
            if (letter == '\\' && at + 1 < text.Length && Escaped.Contains(text[at + 1]))
            {
                Write(text[++at]);
            }
            else if (letter is '(' or '[')
            {
                (letter == '(' ? round : square).Push(parts.Count);
                // What follows is weighted apart from what came before.
                parts.Add((new StringBuilder(), 1));
            }
            else if (letter == ':' && round.Count > 0 && Weight().Match(text, at) is { Success: true } match)
            {
                Multiply(round.Pop(), double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
                at += match.Length - 1;
            }
            else if (letter == ')' && round.Count > 0)
            {
                Multiply(round.Pop(), Emphasis);
            }
            else if (letter == ']' && square.Count > 0)
            {
                Multiply(square.Pop(), 1 / Emphasis);
            }
            else
            {
                Write(letter);
            }
        }

        foreach (var start in round)
        {
            Multiply(start, Emphasis);
        }

        foreach (var start in square)
        {
            Multiply(start, 1 / Emphasis);
        }

        return Join(parts);

        void Write(char letter)
        {
            if (parts.Count == 0)
            {
                parts.Add((new StringBuilder(), 1));
            }

            parts[^1].Text.Append(letter);
        }

        void Multiply(int first, double factor)
        {
            for (var i = first; i < parts.Count; i++)
            {
                parts[i] = (parts[i].Text, parts[i].Weight * factor);
            }

            parts.Add((new StringBuilder(), 1));
        }
    }

    /// <summary>A text in which every letter means itself, as <see cref="Parse"/> takes it.</summary>
    public static string Escape(string text) =>
        string.Concat(text.Select(letter => Escaped.Contains(letter) ? $"\\{letter}" : $"{letter}"));

    private static List<PromptPart> Join(IEnumerable<(StringBuilder Text, double Weight)> parts)
    {
        List<PromptPart> joined = [];
        foreach (var (text, weight) in parts.Where(part => part.Text.Length > 0))
        {
            if (joined is [.., var last] && last.Weight == weight)
            {
                joined[^1] = last with { Text = last.Text + text };
            }
            else
            {
                joined.Add(new PromptPart(text.ToString(), weight));
            }
        }

        return joined;
    }

    // ":1.3)" and the like, up to the bracket that it closes.
    [GeneratedRegex(@"\G:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)")]
    private static partial Regex Weight();
}
