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
    [InlineData("train a.yaml --run out/x/model", "evaluate samples --model out/x/model-2", false)]
    [InlineData("train a.yaml --run runs/model", "evaluate samples --model runs/model", false)]
    public void Commands_share_what_they_name_in_the_folder(string command, string other, bool shared) =>
        Assert.Equal(shared, PlanInputs.ShareFiles(command, other, "out/x"));
}
