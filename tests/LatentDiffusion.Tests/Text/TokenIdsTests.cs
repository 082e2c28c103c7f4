using LatentDiffusion.Errors;
using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Text;

public sealed class TokenIdsTests
{
    private static readonly ITokenizer Tokenizer = new TokenIdsConfig { VocabularySize = 100 }.Open();

    [Fact]
    public void Numbers_are_the_tokens_without_start_and_end()
    {
        var tokens = PromptTokens.Of(Tokenizer, Prompt.Plain("17 4, 99"), 5);

        Assert.Equal([17, 4, 99, 0, 0], tokens.Ids);
        Assert.Equal([1, 1, 1, 1, 1], tokens.Weights);
        Assert.Null(tokens.Cut);
        Assert.Equal([0, 0, 0], PromptTokens.Of(Tokenizer, Prompt.Empty, 3).Ids);
    }

    [Fact]
    public void What_does_not_fit_is_told() =>
        Assert.Equal("4 5", PromptTokens.Of(Tokenizer, Prompt.Plain("1 2 3 4 5"), 3).Cut);

    [Theory]
    [InlineData("100")]
    [InlineData("-1")]
    [InlineData("cat")]
    public void A_word_is_refused(string word)
    {
        var refusal = Assert.Throws<UserInputException>(() => Tokenizer.Tokenize(word));
        Assert.Contains($"'{word}' is no token id", refusal.Message, StringComparison.Ordinal);
    }
}
