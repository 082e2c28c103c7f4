namespace LatentDiffusion.Text;

/// <summary>A part of a prompt.</summary>
/// <param name="Text">The text.</param>
/// <param name="Weight">How much attention it gets; 1 is the usual amount.</param>
public sealed record PromptPart(string Text, double Weight);

/// <summary>A text to draw, in parts of different weight.</summary>
/// <param name="Parts">The parts in order; none is the empty prompt.</param>
public sealed record Prompt(IReadOnlyList<PromptPart> Parts)
{
    /// <summary>No text at all: what models with text take for "no condition".</summary>
    public static Prompt Empty { get; } = new([]);

    /// <summary>Text without weights, in which brackets mean nothing, such as a caption.</summary>
    public static Prompt Plain(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 0 ? Empty : new Prompt([new PromptPart(text, 1)]);
    }

    /// <summary>Reads the weights that brackets give; see <see cref="PromptParser"/>. Every text is a prompt.</summary>
    public static Prompt Parse(string text) => new(PromptParser.Parse(text));
}
