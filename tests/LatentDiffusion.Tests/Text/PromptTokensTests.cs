using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Text;

public sealed class PromptTokensTests
{
    private static readonly ITokenizer Tokenizer = SmallVocabulary.Tokenizer;

    [Fact]
    public void A_sequence_has_start_text_end_and_padding()
    {
        var tokens = PromptTokens.Of(Tokenizer, Prompt.Parse("a (red:1.5) shapes"), 9);

        Assert.Equal([2, 4, 5, 10, 11, 12, 3, 0, 0], tokens.Ids);
        Assert.Equal([1, 1, 1.5, 1, 1, 1, 1, 1, 1], tokens.Weights);
        Assert.Null(tokens.Cut);
        Assert.True(tokens.AreWeighted);
    }

    [Fact]
    public void What_does_not_fit_is_cut_and_reported()
    {
        var tokens = PromptTokens.Of(Tokenizer, Prompt.Parse("a red (shapes)"), 5);

        Assert.Equal([2, 4, 5, 10, 3], tokens.Ids);
        Assert.Equal([1, 1, 1, 1.1, 1], tokens.Weights);
        Assert.Equal("pes", tokens.Cut);
    }

    [Fact]
    public void Text_that_fits_exactly_is_not_cut()
    {
        var text = string.Join(' ', Enumerable.Repeat("red", 75));

        Assert.Null(PromptTokens.Of(Tokenizer, Prompt.Plain(text), 77).Cut);
        Assert.Equal("blue disc", PromptTokens.Of(Tokenizer, Prompt.Plain($"{text} blue disc"), 77).Cut);
    }

    [Fact]
    public void The_empty_prompt_is_start_end_and_padding()
    {
        var tokens = PromptTokens.Of(Tokenizer, Prompt.Empty, 4);

        Assert.Equal([2, 3, 0, 0], tokens.Ids);
        Assert.False(tokens.AreWeighted);
    }

    [Fact]
    public void Clip_fills_with_the_end_token()
    {
        var clip = ClipTokenizer.Parse("c a\nca t</w>\n", null, "small");

        Assert.Equal([514, 513, 515, 515, 515], PromptTokens.Of(clip, Prompt.Plain("cat"), 5).Ids);
    }
}
