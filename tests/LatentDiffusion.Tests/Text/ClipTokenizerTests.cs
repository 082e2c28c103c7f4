using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Text;

public sealed class ClipTokenizerTests
{
    private const string Merges = "#version: 0.2\nc a\nca t</w>\nr e\nre d</w>\nÃ ©</w>\n";

    // 256 bytes, 256 bytes at the end of a word, then the merges.
    private const int FirstMerge = 512;

    private static readonly ClipTokenizer Tokenizer = ClipTokenizer.Parse(Merges, vocabulary: null, "small");

    [Theory]
    [InlineData("cat", new[] { FirstMerge + 1 })]
    [InlineData("  Red \n CAT ", new[] { FirstMerge + 3, FirstMerge + 1 })]
    [InlineData("ca", new[] { 'c' - '!', 256 + 'a' - '!' })]
    [InlineData("cat.cat", new[] { FirstMerge + 1, 256 + '.' - '!', FirstMerge + 1 })]
    [InlineData("12", new[] { 256 + '1' - '!', 256 + '2' - '!' })]
    [InlineData("É", new[] { FirstMerge + 4 })]
    [InlineData("e\u0301", new[] { FirstMerge + 4 })]
    [InlineData("", new int[0])]
    public void Text_becomes_joined_pairs_of_lower_case_words(string text, int[] expected) =>
        Assert.Equal(expected, Tokenizer.Tokenize(text));

    [Fact]
    public void Sequences_end_with_the_end_token_and_are_filled_with_it()
    {
        Assert.Equal(FirstMerge + 7, Tokenizer.VocabularySize);
        Assert.Equal(
            (FirstMerge + 5, FirstMerge + 6, FirstMerge + 6),
            (Tokenizer.Start, Tokenizer.End, Tokenizer.Padding)
        );
    }

    [Theory]
    [InlineData("a red cat, 2 cats")]
    [InlineData("naïve café — 中文 😀")]
    public void Tokens_stand_for_their_text(string text)
    {
        var back = Tokenizer.TextOf(Tokenizer.Tokenize(text));

        Assert.Equal(Letters(text), Letters(back));

        static string Letters(string value) => value.Replace(" ", "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_tokenizer_comes_back_from_its_vocabulary()
    {
        var back = ClipTokenizer.Restore(Tokenizer.Vocabulary, "model");

        Assert.Equal(Tokenizer.Tokenize("a red cat é"), back.Tokenize("a red cat é"));
        Assert.Equal(Tokenizer.Vocabulary, back.Vocabulary);
    }

    [Fact]
    public void Given_ids_win_over_the_usual_numbering()
    {
        const string Ids = """{"<|startoftext|>":0,"<|endoftext|>":1,"r":2,"e":3,"d</w>":4,"re":5,"red</w>":6}""";
        var tokenizer = ClipTokenizer.Parse("r e\nre d</w>\n", Ids, "vocab.json");

        Assert.Equal([6, 6], tokenizer.Tokenize("red RED"));
        Assert.Equal((0, 1, 1, 7), (tokenizer.Start, tokenizer.End, tokenizer.Padding, tokenizer.VocabularySize));
    }

    // Ids of the published vocabulary, as OpenAI's tokenizer gives them.
    [Theory]
    [InlineData("a diagram", new[] { 320, 22697 })]
    [InlineData("A photo of a cat", new[] { 320, 1125, 539, 320, 2368 })]
    [InlineData("hello world!", new[] { 3306, 1002, 256 })]
    [InlineData("don't stop", new[] { 847, 713, 1691 })]
    public void The_published_vocabulary_gives_the_known_ids(string text, int[] expected)
    {
        var merges = SharedData.PathOf("weights/clip_bpe_simple_vocab_16e6.txt.gz");
        var tokenizer = new ClipBpeConfig { Merges = merges }.Open();

        Assert.Equal((49408, 49406, 49407), (tokenizer.VocabularySize, tokenizer.Start, tokenizer.End));
        Assert.Equal(expected, tokenizer.Tokenize(text));
        Assert.Equal(expected, ClipTokenizer.Restore(tokenizer.Vocabulary, "model").Tokenize(text));
    }

    [Theory]
    [InlineData("a b c", null, "\"a b c\" in small is not a pair")]
    [InlineData("a b", "[1]", "is not the JSON that is expected")]
    [InlineData("a b", """{"a":0}""", "has no token <|startoftext|>")]
    [InlineData("a b", """{"<|startoftext|>":0,"<|endoftext|>":1}""", "do not fit its vocabulary")]
    public void Wrong_files_are_refused_in_one_line(string merges, string? vocabulary, string message)
    {
        var error = Assert.Throws<UserInputException>(() => ClipTokenizer.Parse(merges, vocabulary, "small"));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
