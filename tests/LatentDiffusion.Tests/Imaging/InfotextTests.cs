using LatentDiffusion.Imaging.Metadata;
using Xunit;

namespace LatentDiffusion.Tests.Imaging;

public sealed class InfotextTests
{
    [Fact]
    public void It_reads_what_web_interfaces_write()
    {
        var text = Infotext.Parse(
            "a cat,\non a mat\nNegative prompt: dog, (blurry:1.3)\nugly\nSteps: 20, Sampler: Euler a, CFG scale: 7.5, "
                + "Seed: 1, Size: 256x512, Lora hashes: \"one: 12, two: 34\", Version: v1.9.3"
        );

        Assert.Equal("a cat,\non a mat", text.Prompt);
        Assert.Equal("dog, (blurry:1.3)\nugly", text.NegativePrompt);
        Assert.Equal(
            [
                ("Steps", "20"),
                ("Sampler", "Euler a"),
                ("CFG scale", "7.5"),
                ("Seed", "1"),
                ("Size", "256x512"),
                ("Lora hashes", "one: 12, two: 34"),
                ("Version", "v1.9.3"),
            ],
            text.Values.Select(pair => (pair.Key, pair.Value))
        );
        Assert.Equal("Euler a", text["Sampler"]);
        Assert.Null(text["Eta"]);
    }

    [Theory]
    [InlineData("just a prompt", "just a prompt")]
    [InlineData("a ratio: 16, other: 9", "a ratio: 16, other: 9")]
    [InlineData("", "")]
    public void A_text_of_few_pairs_is_a_prompt(string text, string prompt)
    {
        var read = Infotext.Parse(text);

        Assert.Equal(prompt, read.Prompt);
        Assert.Empty(read.Values);
    }

    [Theory]
    [InlineData("a (red:1.2) apple, shiny", "blurry")]
    [InlineData("two\nlines", "")]
    [InlineData("", "")]
    [InlineData("", "only what it is not")]
    public void It_reads_what_it_writes(string prompt, string negative)
    {
        KeyValuePair<string, string>[] values =
        [
            new("Steps", "20"),
            new("Seed", "-5"),
            new("LDM class", "food, drink: \"all\"\nof it"),
            new("Model", "größe 🍎"),
        ];

        var read = Infotext.Parse(new Infotext(prompt, negative, values).ToString());

        Assert.Equal((prompt, negative), (read.Prompt, read.NegativePrompt));
        Assert.Equal(values, read.Values);
    }

    [Fact]
    public void Without_prompts_it_is_one_line()
    {
        KeyValuePair<string, string>[] values = [new("Steps", "20"), new("Sampler", "DDIM"), new("Seed", "1")];

        Assert.Equal("Steps: 20, Sampler: DDIM, Seed: 1", new Infotext("", "", values).ToString());
    }
}
