using System.Text.Json;
using LatentDiffusion.Text;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class TokenizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_vocabulary_is_learned_from_lines_of_text()
    {
        await File.WriteAllLinesAsync(
            At("captions.txt"),
            ["a red square", "a red disc", "", "a blue square"],
            TestContext.Current.CancellationToken
        );

        var outcome = await Train(At("captions.txt"), "--size", "200", "--json");

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var json = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal(3, json.GetProperty("captions").GetInt32());
        Assert.InRange(json.GetProperty("longest_caption").GetInt32(), 3, 12);
        var tokenizer = new WordPieceConfig { Vocabulary = json.GetProperty("vocabulary").GetString()! }.Open();
        Assert.Equal(json.GetProperty("tokens").GetInt32(), tokenizer.VocabularySize);
        Assert.Equal(2, tokenizer.Tokenize("red square").Count);
    }

    [Theory]
    [InlineData("missing.txt", "missing.txt\" cannot be read")]
    [InlineData("empty.txt", "holds no captions")]
    public async Task What_holds_no_captions_is_named(string file, string message)
    {
        await File.WriteAllTextAsync(At("empty.txt"), "\n", TestContext.Current.CancellationToken);

        var outcome = await Train(At(file));

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string At(string name) => Path.Combine(_folder.Path, name);

    private Task<LdmProcess.Outcome> Train(string captions, params string[] options) =>
        LdmProcess.RunAsync(["tokenizer", "train", "--captions", captions, "--out", At("out"), .. options]);
}
