using CsCheck;
using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Text;

public sealed class PromptTests
{
    private static readonly Gen<string> Texts = Gen.Char["ab ()[]:.13\\é"].Array[0, 30].Select(c => new string(c));

    [Theory]
    [InlineData("a cat", "a cat*1")]
    [InlineData("a (cat)", "a *1|cat*1.1")]
    [InlineData("a (cat:1.3) here", "a *1|cat*1.3| here*1")]
    [InlineData("[cat]", "cat*0.9091")]
    [InlineData("((cat))", "cat*1.21")]
    [InlineData("(a [b] c)", "a *1.1|b*1| c*1.1")]
    [InlineData("(a (b:2) c:0.5)", "a *0.5|b*1| c*0.5")]
    [InlineData("(a)(b)", "ab*1.1")]
    [InlineData(@"\(a\) \[b\] \\", @"(a) [b] \*1")]
    [InlineData(@"a\b", @"a\b*1")]
    [InlineData("(a", "a*1.1")]
    [InlineData("a) b] :1.3)", "a) b] :1.3)*1")]
    [InlineData("(ratio 1:2)", "ratio 1*2")]
    [InlineData("(a:b)", "a:b*1.1")]
    [InlineData("(a:.5)", "a*0.5")]
    [InlineData("(a:0)", "a*0")]
    [InlineData("()", "")]
    [InlineData("", "")]
    public void Brackets_give_weights(string text, string expected) =>
        Assert.Equal(
            expected,
            string.Join(
                '|',
                Prompt.Parse(text).Parts.Select(p => FormattableString.Invariant($"{p.Text}*{Math.Round(p.Weight, 4)}"))
            )
        );

    [Fact]
    public void A_prompt_can_be_written_and_read_again() =>
        Texts.Sample(text =>
            Prompt.Parse(text).Source == text
            && string.Concat(Prompt.Parse(Prompt.Plain(text).Source).Parts.Select(p => p.Text)) == text
            && Prompt.Parse(Prompt.Plain(text).Source).Parts.All(p => p.Weight == 1)
        );

    [Fact]
    public void Every_text_is_a_prompt_with_finite_weights_and_no_empty_or_equal_neighbours() =>
        Texts.Sample(text =>
        {
            var parts = Prompt.Parse(text).Parts;

            return parts.All(p => double.IsFinite(p.Weight) && p.Text.Length > 0)
                && parts.Zip(parts.Skip(1)).All(pair => pair.First.Weight != pair.Second.Weight);
        });

    [Fact]
    public void Escaped_text_is_that_text() =>
        Texts.Sample(text =>
        {
            var escaped = string.Concat(text.Select(c => @"()[]\".Contains(c) ? $@"\{c}" : $"{c}"));
            return Same(Prompt.Parse(escaped), Prompt.Plain(text));
        });

    [Fact]
    public void Brackets_around_a_whole_prompt_multiply_its_weights() =>
        Gen.Char["ab ,"]
            .Array[1, 8]
            .Select(c => new string(c))
            .Array[1, 5]
            .Select(words => string.Concat(words.Select((w, i) => i % 2 == 0 ? w : $"({w}:1.{i})")))
            .Sample(text =>
            {
                var inner = Prompt.Parse(text).Parts;
                var outer = Prompt.Parse($"({text}:2)").Parts;
                return inner
                    .Select(p => (p.Text, Math.Round(2 * p.Weight, 9)))
                    .SequenceEqual(outer.Select(p => (p.Text, Math.Round(p.Weight, 9))));
            });

    [Fact]
    public void A_caption_keeps_its_brackets() =>
        Texts.Sample(text => string.Concat(Prompt.Plain(text).Parts.Select(p => p.Text)) == text);

    private static bool Same(Prompt first, Prompt second) => first.Parts.SequenceEqual(second.Parts);
}
