using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Text;

public sealed class WordPieceTokenizerTests
{
    [Theory]
    [InlineData("a red shapes", "a red shapes")]
    [InlineData("  A\tRED\n sha ", "a red sha")]
    [InlineData("Café", "cafe")]
    [InlineData("cafe\u0301", "cafe")]
    [InlineData("bl\u01d6e \u1e59e\u0323d", "blue red")]
    [InlineData("red-$green", "red - $ green")]
    [InlineData("a中!", "a 中 !")]
    [InlineData("red\u0000\u200bx", "[UNK]")]
    [InlineData("violet red", "[UNK] red")]
    [InlineData("[SEP]", "[ [UNK] ]")]
    [InlineData("😀", "[UNK]")]
    [InlineData("", "")]
    [InlineData(" \u00a0 ", "")]
    public void Text_becomes_pieces_of_lower_case_words(string text, string expected)
    {
        var tokens = SmallVocabulary.Tokenizer.Tokenize(text);

        Assert.Equal(expected, SmallVocabulary.Tokenizer.TextOf(tokens));
    }

    [Fact]
    public void Special_tokens_are_found_by_name_and_not_in_text()
    {
        var tokenizer = SmallVocabulary.Tokenizer;

        Assert.Equal((2, 3, 0), (tokenizer.Start, tokenizer.End, tokenizer.Padding));
        Assert.Equal(SmallVocabulary.Lines.Count(c => c == '\n'), tokenizer.VocabularySize);
        Assert.DoesNotContain(tokenizer.Tokenize("[CLS] [PAD] [SEP]"), id => id is 0 or 2 or 3);
    }

    [Fact]
    public void A_tokenizer_comes_back_from_its_vocabulary_whatever_the_line_ends()
    {
        var windows = WordPieceTokenizer.Parse(
            SmallVocabulary.Lines.Replace("\n", "\r\n", StringComparison.Ordinal),
            "w"
        );

        Assert.Equal(SmallVocabulary.Lines, windows.Vocabulary);
        Assert.Equal(SmallVocabulary.Tokenizer.Tokenize("a red disc"), windows.Tokenize("a red disc"));
    }

    // Ids of bert-base-uncased, as HuggingFace's tokenizer gives them.
    [Theory]
    [InlineData("Hello, world!", new[] { 7592, 1010, 2088, 999 })]
    [InlineData("unaffable embeddings", new[] { 14477, 20961, 3468, 7861, 8270, 4667, 2015 })]
    [InlineData("A painting of a $100 café", new[] { 1037, 4169, 1997, 1037, 1002, 2531, 7668 })]
    [InlineData("x^2 + y", new[] { 1060, 1034, 1016, 1009, 1061 })]
    public void The_published_vocabulary_gives_the_known_ids(string text, int[] expected)
    {
        var path = SharedData.PathOf("weights/bert-base-uncased-vocab.txt");
        var tokenizer = new WordPieceConfig { Vocabulary = path }.Open();

        Assert.Equal(30522, tokenizer.VocabularySize);
        Assert.Equal((101, 102, 0), (tokenizer.Start, tokenizer.End, tokenizer.Padding));
        Assert.Equal(expected, tokenizer.Tokenize(text));
    }

    [Theory]
    [InlineData("[PAD]\n[UNK]\n[CLS]\n", "has no token [SEP]")]
    [InlineData("[PAD]\n[UNK]\n[UNK]\n", "has \"[UNK]\" a second time in line 3")]
    [InlineData("[PAD]\n\n[UNK]\n", "has an empty line in line 2")]
    [InlineData("", "has an empty line in line 1")]
    public void A_wrong_vocabulary_is_refused_in_one_line(string lines, string message)
    {
        var error = Assert.Throws<UserInputException>(() => WordPieceTokenizer.Parse(lines, "v.txt"));

        Assert.Contains("v.txt", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var config = new WordPieceConfig { Vocabulary = "/nowhere/vocab.txt" };

        Assert.Contains(
            "/nowhere/vocab.txt cannot be read",
            Assert.Throws<UserInputException>(config.Open).Message,
            StringComparison.Ordinal
        );
    }
}
