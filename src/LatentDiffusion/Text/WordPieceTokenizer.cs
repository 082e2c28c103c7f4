using System.Text;
using LatentDiffusion.Errors;
using Microsoft.ML.Tokenizers;
using Library = Microsoft.ML.Tokenizers.WordPieceTokenizer;

namespace LatentDiffusion.Text;

/// <summary>
/// BERT's uncased tokenizer (Devlin et al. 2019): words are split into the longest pieces of the vocabulary, pieces that
/// continue a word are written with "##". With bert-base-uncased's vocabulary it is the tokenizer of the published
/// text-to-image models.
/// </summary>
public sealed class WordPieceTokenizer : ITokenizer
{
    /// <summary>The token before every text.</summary>
    internal const string StartToken = "[CLS]";

    /// <summary>The token behind every text.</summary>
    internal const string EndToken = "[SEP]";

    /// <summary>The token that fills the rest; its id must be 0.</summary>
    internal const string PaddingToken = "[PAD]";

    /// <summary>The token of words that the vocabulary cannot write.</summary>
    internal const string UnknownToken = "[UNK]";

    /// <summary>Before pieces that continue a word.</summary>
    internal const string Continuation = "##";

    private readonly string[] _tokens;
    private readonly Library _pieces;

    private WordPieceTokenizer(string[] tokens, Dictionary<string, int> ids, string name)
    {
        _tokens = tokens;
        Start = Find(StartToken);
        End = Find(EndToken);
        Padding = Find(PaddingToken);
        Find(UnknownToken);
        Vocabulary = string.Join('\n', tokens) + '\n';
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(Vocabulary));
        _pieces = Library.Create(stream, new WordPieceOptions { UnknownToken = UnknownToken });

        int Find(string token) =>
            ids.TryGetValue(token, out var id)
                ? id
                : throw new UserInputException(
                    $"The vocabulary {name} has no token {token}: give a vocab.txt of an uncased BERT, or one that "
                        + "'ldm tokenizer train' wrote."
                );
    }

    /// <inheritdoc/>
    public int VocabularySize => _tokens.Length;

    /// <inheritdoc/>
    public int Start { get; }

    /// <inheritdoc/>
    public int End { get; }

    /// <inheritdoc/>
    public int Padding { get; }

    /// <inheritdoc/>
    public string Vocabulary { get; }

    /// <summary>Makes the tokenizer from the lines of a vocabulary, whose numbers from 0 are the ids.</summary>
    /// <param name="vocabulary">One token a line.</param>
    /// <param name="name">What messages call the vocabulary.</param>
    /// <exception cref="UserInputException">A token is missing or there twice.</exception>
    public static WordPieceTokenizer Parse(string vocabulary, string name)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        var lines = vocabulary.Split('\n').Select(line => line.TrimEnd('\r')).ToList();
        if (lines is [_, .., ""])
        {
            lines.RemoveAt(lines.Count - 1);
        }

        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (id, token) in lines.Index())
        {
            if (token.Length == 0 || !ids.TryAdd(token, id))
            {
                throw new UserInputException(
                    $"The vocabulary {name} has {(token.Length == 0 ? "an empty line" : $"\"{token}\" a second time")} in "
                        + $"line {id + 1}: every line must be a token of its own."
                );
            }
        }

        return new WordPieceTokenizer([.. lines], ids, name);
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Tokenize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return
        [
            .. BasicTokenization
                .Words(text)
                .SelectMany(word =>
                    _pieces.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false)
                ),
        ];
    }

    /// <inheritdoc/>
    public string TextOf(IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var text = new StringBuilder();
        foreach (var token in tokens.Select(id => _tokens[id]))
        {
            if (token.StartsWith(Continuation, StringComparison.Ordinal) && token.Length > Continuation.Length)
            {
                text.Append(token, Continuation.Length, token.Length - Continuation.Length);
            }
            else
            {
                text.Append(text.Length > 0 ? " " : "").Append(token);
            }
        }

        return text.ToString();
    }
}
