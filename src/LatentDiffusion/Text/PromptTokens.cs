namespace LatentDiffusion.Text;

/// <summary>A prompt as a sequence of the length that a text encoder takes: start, text, end, padding.</summary>
/// <param name="Ids">The tokens.</param>
/// <param name="Weights">The weight of each token; 1 for start, end and padding.</param>
/// <param name="Cut">The end of the text that did not fit, as the tokenizer simplifies it; null when all fits.</param>
public sealed record PromptTokens(IReadOnlyList<int> Ids, IReadOnlyList<double> Weights, string? Cut)
{
    private const int StartAndEnd = 2;

    /// <summary>Tokenizes a prompt, each of its parts by itself.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="length">The length of the sequence, at least 3.</param>
    public static PromptTokens Of(ITokenizer tokenizer, Prompt prompt, int length)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(length, StartAndEnd);
        List<int> ids = tokenizer.MarksEnds ? [tokenizer.Start] : [];
        List<double> weights = tokenizer.MarksEnds ? [1] : [];
        foreach (var part in prompt.Parts)
        {
            var tokens = tokenizer.Tokenize(part.Text);
            ids.AddRange(tokens);
            weights.AddRange(tokens.Select(_ => part.Weight));
        }

        int[] end = tokenizer.MarksEnds ? [tokenizer.End] : [];
        var kept = Math.Min(ids.Count, length - end.Length);
        var cut = kept < ids.Count ? tokenizer.TextOf(ids[kept..]) : null;
        return new PromptTokens(
            [.. ids[..kept], .. end, .. Enumerable.Repeat(tokenizer.Padding, length - kept - end.Length)],
            [.. weights[..kept], .. Enumerable.Repeat(1.0, length - kept)],
            cut
        );
    }

    /// <summary>Whether any token weighs more or less than usual.</summary>
    public bool AreWeighted => Weights.Any(weight => weight != 1);
}
