using System.ComponentModel;
using System.Globalization;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Text;

/// <summary>No words: the caption is the sequence of token ids itself, as decimal numbers ("17 4 8191").</summary>
[ConfigKind("token_ids")]
public sealed record TokenIdsConfig : TokenizerConfig
{
    /// <summary>Number of token ids, which run from 0.</summary>
    [Description("Number of token ids, which run from 0.")]
    [Minimum(1)]
    public required int VocabularySize { get; init; }

    /// <inheritdoc/>
    public override ITokenizer Open() => new TokenIdsTokenizer(VocabularySize);

    /// <inheritdoc/>
    public override ITokenizer Restore(string vocabulary, string name) => Open();
}

/// <summary>Reads token ids instead of words. Sequences have no start and end, and are filled with 0.</summary>
/// <param name="vocabularySize">Number of token ids, which run from 0.</param>
public sealed class TokenIdsTokenizer(int vocabularySize) : ITokenizer
{
    private static readonly char[] Separators = [' ', ',', '\t', '\r', '\n'];

    /// <inheritdoc/>
    public int VocabularySize => vocabularySize;

    /// <inheritdoc/>
    public bool MarksEnds => false;

    /// <inheritdoc/>
    public int Start => 0;

    /// <inheritdoc/>
    public int End => 0;

    /// <inheritdoc/>
    public int Padding => 0;

    /// <inheritdoc/>
    public string Vocabulary => "";

    /// <inheritdoc/>
    /// <exception cref="UserInputException">A word is no token id.</exception>
    public IReadOnlyList<int> Tokenize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return
        [
            .. text.Split(Separators, StringSplitOptions.RemoveEmptyEntries)
                .Select(word =>
                    int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                    && id < vocabularySize
                        ? id
                        : throw new UserInputException(
                            $"'{word}' is no token id: this model has no words, give numbers from 0 to {vocabularySize - 1}."
                        )
                ),
        ];
    }

    /// <inheritdoc/>
    public string TextOf(IEnumerable<int> tokens) => string.Join(' ', tokens);
}
