using System.ComponentModel;
using System.IO.Compression;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Text;

/// <summary>
/// How captions and prompts become tokens. A trained model's file holds the vocabulary itself; the paths in its description
/// then only say where it came from.
/// </summary>
[ConfigKinds(typeof(WordPieceConfig), typeof(ClipBpeConfig), typeof(TokenIdsConfig))]
public abstract record TokenizerConfig
{
    /// <summary>Reads the vocabulary from the configured files.</summary>
    /// <exception cref="UserInputException">A file is missing or holds something else.</exception>
    public abstract ITokenizer Open();

    /// <summary>Makes the tokenizer from what <see cref="ITokenizer.Vocabulary"/> said.</summary>
    /// <param name="vocabulary">The text.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="UserInputException">The text is something else.</exception>
    public abstract ITokenizer Restore(string vocabulary, string name);

    private protected static string Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            using var plain = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
                ? new GZipStream(file, CompressionMode.Decompress)
                : (Stream)file;
            using var reader = new StreamReader(plain);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new UserInputException($"The vocabulary {path} cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>BERT's uncased tokenizer.</summary>
[ConfigKind("wordpiece")]
public sealed record WordPieceConfig : TokenizerConfig
{
    /// <summary>vocab.txt: one token a line.</summary>
    [Description("vocab.txt, one token a line: that of bert-base-uncased, or one that 'ldm tokenizer train' wrote.")]
    [ConfigPath]
    public required string Vocabulary { get; init; }

    /// <inheritdoc/>
    public override ITokenizer Open() => Restore(Read(Vocabulary), Vocabulary);

    /// <inheritdoc/>
    public override ITokenizer Restore(string vocabulary, string name) => WordPieceTokenizer.Parse(vocabulary, name);
}

/// <summary>CLIP's tokenizer.</summary>
[ConfigKind("clip_bpe")]
public sealed record ClipBpeConfig : TokenizerConfig
{
    /// <summary>merges.txt: the pairs of pieces that are joined.</summary>
    [Description("merges.txt of a CLIP model, or its bpe_simple_vocab_16e6.txt.gz.")]
    [ConfigPath]
    public required string Merges { get; init; }

    /// <summary>vocab.json: the ids of tokens; null for CLIP's own numbering.</summary>
    [Description("vocab.json of the model; when absent, tokens are numbered as CLIP does, by the merges.")]
    [ConfigPath]
    public string? Vocabulary { get; init; }

    /// <inheritdoc/>
    public override ITokenizer Open() =>
        ClipTokenizer.Parse(Read(Merges), Vocabulary is null ? null : Read(Vocabulary), Vocabulary ?? Merges);

    /// <inheritdoc/>
    public override ITokenizer Restore(string vocabulary, string name) => ClipTokenizer.Restore(vocabulary, name);
}
