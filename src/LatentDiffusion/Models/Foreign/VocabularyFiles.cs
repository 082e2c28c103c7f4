using LatentDiffusion.Text;

namespace LatentDiffusion.Models.Foreign;

/// <summary>Finds the vocabularies that published checkpoints do not contain.</summary>
internal static class VocabularyFiles
{
    private const string Folder = "tokenizer";

    /// <summary>BERT's vocabulary; the path where it is missing says where it is expected.</summary>
    public static WordPieceConfig FindWordPiece(string weights, string? folder)
    {
        var places = Places(weights, folder).Select(place => Path.Combine(place, "vocab.txt")).ToList();
        return new WordPieceConfig { Vocabulary = places.Find(File.Exists) ?? places[0] };
    }

    /// <summary>CLIP's merges, with vocab.json where there is one beside them.</summary>
    public static ClipBpeConfig FindClip(string weights, string? folder)
    {
        string[] names = ["merges.txt", "bpe_simple_vocab_16e6.txt.gz"];
        var places = Places(weights, folder)
            .SelectMany(place => names.Select(name => Path.Combine(place, name)))
            .ToList();
        var merges = places.Find(File.Exists) ?? places[0];
        var vocabulary = Path.Combine(Path.GetDirectoryName(merges)!, "vocab.json");
        return new ClipBpeConfig { Merges = merges, Vocabulary = File.Exists(vocabulary) ? vocabulary : null };
    }

    /// <summary>Whether the files of a vocabulary exist.</summary>
    public static bool AreThere(TokenizerConfig config) =>
        config switch
        {
            WordPieceConfig words => File.Exists(words.Vocabulary),
            ClipBpeConfig pairs => File.Exists(pairs.Merges),
            _ => true,
        };

    private static IEnumerable<string> Places(string weights, string? folder)
    {
        if (folder is not null)
        {
            return [Path.GetFullPath(folder)];
        }

        var full = Path.GetFullPath(weights);
        var beside = Directory.Exists(full) ? full : Path.GetDirectoryName(full)!;
        return [Path.Combine(beside, Folder), beside];
    }
}
