using LatentDiffusion.Text;

namespace LatentDiffusion.Tests.Text;

/// <summary>A vocabulary of a few pieces.</summary>
internal static class SmallVocabulary
{
    public static string Lines { get; } =
        string.Join(
            '\n',
            "[PAD] [UNK] [CLS] [SEP] a red green blue square disc sha ##pe ##s caf ##e $ - ( ) [ ] : . 中 ! x 3 1".Split(
                ' '
            )
        ) + "\n";

    public static ITokenizer Tokenizer { get; } = WordPieceTokenizer.Parse(Lines, "small");

    /// <summary>Writes the vocabulary into a file, for configurations.</summary>
    public static WordPieceConfig Write(string path)
    {
        File.WriteAllText(path, Lines);
        return new WordPieceConfig { Vocabulary = path };
    }
}
