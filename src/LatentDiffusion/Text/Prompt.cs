namespace LatentDiffusion.Text;

/// <summary>A part of a prompt.</summary>
/// <param name="Text">The text.</param>
/// <param name="Weight">How much attention it gets; 1 is the usual amount.</param>
public sealed record PromptPart(string Text, double Weight);

/// <summary>A text to draw, in parts of different weight.</summary>
public sealed record Prompt
{
    private Prompt(string source, IReadOnlyList<PromptPart> parts) => (Source, Parts) = (source, parts);

    /// <summary>No text at all: what models with text take for "no condition".</summary>
    public static Prompt Empty { get; } = new("", []);

    /// <summary>The prompt as people write it: <see cref="Parse"/> makes the same prompt of it.</summary>
    public string Source { get; }

    /// <summary>The parts in order; none is the empty prompt.</summary>
    public IReadOnlyList<PromptPart> Parts { get; }

    /// <summary>Text without weights, in which brackets mean nothing, such as a caption.</summary>
    public static Prompt Plain(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 0 ? Empty : new Prompt(PromptParser.Escape(text), [new PromptPart(text, 1)]);
    }

    /// <summary>Reads the weights that brackets give; see <see cref="PromptParser"/>. Every text is a prompt.</summary>
    public static Prompt Parse(string text) => new(text, PromptParser.Parse(text));
}
