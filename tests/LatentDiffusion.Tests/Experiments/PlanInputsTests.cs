using LatentDiffusion.Cli.Experiments.Plans;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Experiments;

public sealed class PlanInputsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Configurations_are_told_apart_by_what_they_hold()
    {
        File.WriteAllText(_folder["a.yaml"], "steps: 1\n");
        var command = $"train \"{_folder["a.yaml"]}\" --run out";
        var first = PlanInputs.Configurations(command);
        Assert.Equal(first, PlanInputs.Configurations(command + " --minutes 3"));

        File.WriteAllText(_folder["a.yaml"], "steps: 2\n");

        Assert.NotEqual(first, PlanInputs.Configurations(command));
        Assert.Equal("", PlanInputs.Configurations("evaluate samples --model missing.yaml"));
    }

    [Theory]
    [InlineData("train a.yaml --run out/x/model", "evaluate samples --model out/x/model --out out/x/sheet.png", true)]
    [InlineData("train a.yaml --run out/x/first", "train b.yaml first_stage=out/x/first --run out/x/second", true)]
    [InlineData("data compose --out out/x/scenes", "evaluate conditions M --images out/x/scenes/images", true)]
    [InlineData("evaluate samples --model out/x/m --out out/x/m.png", "train a.yaml --run out/x/m --resume", false)]
    [InlineData("train a.yaml --run out/x/model", "evaluate samples --model out/x/model-2", false)]
    public void A_command_uses_what_it_names_of_what_another_one_writes(string writer, string reader, bool uses) =>
        Assert.Equal(uses, PlanInputs.Uses(writer, reader));

    [Fact]
    public void A_run_is_continued_if_it_is_there_and_the_command_says_so()
    {
        var run = Directory.CreateDirectory(_folder["run"]).FullName;

        Assert.Equal(run, PlanInputs.ContinuedRun($"train a.yaml --run \"{run}\" --resume"));
        Assert.Null(PlanInputs.ContinuedRun($"train a.yaml --run \"{run}\""));
        Assert.Null(PlanInputs.ContinuedRun($"train a.yaml --run \"{_folder["none"]}\" --resume"));
    }
}
