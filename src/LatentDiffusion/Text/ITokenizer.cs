namespace LatentDiffusion.Text;

/// <summary>Splits text into tokens of a vocabulary. Knows neither lengths nor weights; see <see cref="PromptTokens"/>.</summary>
public interface ITokenizer
{
    /// <summary>Number of token ids, which run from 0.</summary>
    int VocabularySize { get; }

    /// <summary>The id before every text.</summary>
    int Start { get; }

    /// <summary>The id behind every text.</summary>
    int End { get; }

    /// <summary>Whether sequences have <see cref="Start"/> and <see cref="End"/>.</summary>
    bool MarksEnds => true;

    /// <summary>The id that fills the rest of a sequence.</summary>
    int Padding { get; }

    /// <summary>
    /// All that <see cref="TokenizerConfig.Restore"/> needs to make the tokenizer again, as text to keep in a model's file.
    /// </summary>
    string Vocabulary { get; }

    /// <summary>The tokens of a text, without start, end and padding. Text never yields such tokens.</summary>
    IReadOnlyList<int> Tokenize(string text);

    /// <summary>About the text that tokens stand for, as the tokenizer simplifies it: to show people.</summary>
    string TextOf(IEnumerable<int> tokens);
}
