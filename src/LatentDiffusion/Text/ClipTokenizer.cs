using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using LatentDiffusion.Errors;
using Microsoft.ML.Tokenizers;

namespace LatentDiffusion.Text;

/// <summary>
/// CLIP's tokenizer (Radford et al. 2021), of Stable Diffusion's text encoder: byte pairs of lower-cased text, the last
/// piece of a word marked with "&lt;/w&gt;". Sequences are filled with the end token.
/// </summary>
public sealed partial class ClipTokenizer : ITokenizer
{
    private const string StartToken = "<|startoftext|>";
    private const string EndToken = "<|endoftext|>";
    private const string EndOfWord = "</w>";

    private static readonly JsonSerializerOptions Json = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly BpeTokenizer _pairs;
    private readonly Dictionary<int, string> _tokens;

    private ClipTokenizer(Dictionary<string, int> ids, string[] merges, string name)
    {
        Start = Find(StartToken);
        End = Find(EndToken);
        VocabularySize = ids.Values.Max() + 1;
        Vocabulary = JsonSerializer.Serialize(new Contents(ids, merges), Json);
        _tokens = ids.ToDictionary(entry => entry.Value, entry => entry.Key);
        try
        {
            _pairs = BpeTokenizer.Create(
                new BpeOptions(ids)
                {
                    Merges = merges,
                    ByteLevel = true,
                    EndOfWordSuffix = EndOfWord,
                    UnknownToken = EndToken,
                    PreTokenizer = new RegexPreTokenizer(WordPattern(), specialTokens: null),
                }
            );
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or KeyNotFoundException)
        {
            throw new UserInputException($"The merges of {name} do not fit its vocabulary: {e.Message}", e);
        }

        int Find(string token) =>
            ids.TryGetValue(token, out var id)
                ? id
                : throw new UserInputException(
                    $"The vocabulary {name} has no token {token}: give the vocab.json and merges.txt of a CLIP model."
                );
    }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <inheritdoc/>
    public int Start { get; }

    /// <inheritdoc/>
    public int End { get; }

    /// <inheritdoc/>
    public int Padding => End;

    /// <inheritdoc/>
    public string Vocabulary { get; }

    /// <summary>Makes the tokenizer from the contents of vocab.json and merges.txt.</summary>
    /// <param name="merges">
    /// Two pieces a line, the most frequent pair first; a first line that begins with "#version" (or the published
    /// vocabulary's own heading) is passed over.
    /// </param>
    /// <param name="vocabulary">Tokens and their ids as a JSON object; null numbers the pieces as CLIP does.</param>
    /// <param name="name">What messages call the vocabulary.</param>
    /// <exception cref="UserInputException">The text is something else.</exception>
    public static ClipTokenizer Parse(string merges, string? vocabulary, string name)
    {
        ArgumentNullException.ThrowIfNull(merges);
        var pairs = ClipVocabulary.ParseMerges(merges, name);
        var ids = vocabulary is null ? ClipVocabulary.Number(pairs) : ParseIds(vocabulary, name);
        return new ClipTokenizer(ids, pairs, name);
    }

    /// <summary>Makes the tokenizer from <see cref="Vocabulary"/>.</summary>
    /// <exception cref="UserInputException">The text is something else.</exception>
    internal static ClipTokenizer Restore(string vocabulary, string name)
    {
        var contents = Deserialize<Contents>(vocabulary, name);
        return new ClipTokenizer(contents.Vocab, contents.Merges, name);
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Tokenize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return _pairs.EncodeToIds(Simplify(text), considerPreTokenization: true, considerNormalization: false);
    }

    /// <inheritdoc/>
    public string TextOf(IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var pieces = string.Concat(tokens.Select(id => _tokens[id].Replace(EndOfWord, " ", StringComparison.Ordinal)));
        return ClipVocabulary.TextOfBytes(pieces).Trim();
    }

    private static string Simplify(string text) =>
        WhiteSpace().Replace(CanonicalLetters.Compose(text), " ").Trim().ToLowerInvariant();

    private static Dictionary<string, int> ParseIds(string json, string name) =>
        Deserialize<Dictionary<string, int>>(json, name);

    private static T Deserialize<T>(string json, string name)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new UserInputException($"The vocabulary {name} is not the JSON that is expected: {e.Message}", e);
        }
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", RegexOptions.IgnoreCase)]
    private static partial Regex WordPattern();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    private sealed record Contents(
        [property: JsonPropertyName("vocab"), JsonRequired] Dictionary<string, int> Vocab,
        [property: JsonPropertyName("merges"), JsonRequired] string[] Merges
    );
}
