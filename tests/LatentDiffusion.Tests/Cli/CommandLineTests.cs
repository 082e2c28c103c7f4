using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Help_lists_the_verbs_and_an_example()
    {
        var help = await LdmProcess.RunAsync("--help");

        Assert.Equal(0, help.ExitCode);
        Assert.Contains("doctor", help.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", help.Output, StringComparison.Ordinal);
        Assert.Empty(help.Error);
    }

    [Fact]
    public async Task No_verb_at_all_shows_the_help()
    {
        Assert.Equal((await LdmProcess.RunAsync("--help")).Output, (await LdmProcess.RunAsync()).Output);
    }

    [Fact]
    public async Task Version_is_one_line()
    {
        var version = await LdmProcess.RunAsync("--version");

        Assert.Equal(0, version.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", version.Output.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("doctro", "ldm: unknown verb 'doctro'; did you mean 'doctor'? See 'ldm --help'.")]
    [InlineData("xyzzy", "ldm: unknown verb 'xyzzy'. See 'ldm --help'.")]
    [InlineData("--json", "ldm: a verb is missing. See 'ldm --help'.")]
    [InlineData("doctor --foo", "ldm doctor: unknown option '--foo'. See 'ldm doctor --help'.")]
    [InlineData(
        "doctor --jsno",
        "ldm doctor: unknown option '--jsno'; did you mean '--json'? See 'ldm doctor --help'."
    )]
    [InlineData("doctor extra", "ldm doctor: unknown argument 'extra'. See 'ldm doctor --help'.")]
    [InlineData("doctor --seed", "ldm doctor: option '--seed' needs a value. See 'ldm doctor --help'.")]
    [InlineData(
        "doctor --seed abc",
        "ldm doctor: option '--seed' takes a whole number, not 'abc'. See 'ldm doctor --help'."
    )]
    [InlineData(
        "doctor --threads 0",
        "ldm doctor: option '--threads' takes 1 or more, not '0'. See 'ldm doctor --help'."
    )]
    [InlineData(
        "doctor --device gpu",
        "ldm doctor: option '--device' takes cpu, cuda or cuda:N, not 'gpu'. See 'ldm doctor --help'."
    )]
    public async Task Usage_errors_are_one_line_and_exit_with_2(string commandLine, string expected)
    {
        var outcome = await LdmProcess.RunAsync(commandLine.Split(' '));

        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal(expected, outcome.Error.TrimEnd());
        Assert.Empty(outcome.Output);
    }
}
