using System.Text.Json;
using LatentDiffusion.Cli.Bench;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(nameof(ProcessWideState))]
public sealed class BenchTests
{
    // The rest need minutes or gigabytes; the report below measures unet-small-b1.
    public static TheoryData<string> SmallCases =>
        [
            "unet-small-b16",
            "unet-small-train",
            "autoencoder-small-train",
            "loader",
            "evaluate-features",
            "checkpoint-save",
            "checkpoint-load",
            "start-help",
            "start-sample",
        ];

    [Theory]
    [MemberData(nameof(SmallCases))]
    [Trait("Speed", "Slow")]
    public async Task Every_small_case_runs(string name)
    {
        var outcome = await LdmProcess.RunAsync("bench", "--case", name, "--seconds", "0");

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var result = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal(name, result.GetProperty("name").GetString());
        Assert.True(result.GetProperty("seconds").GetDouble() > 0);
        Assert.True(result.GetProperty("peak_gflops").GetDouble() > 0);
        Assert.True(result.GetProperty("peak_rss_mb").GetDouble() > 0);
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task A_report_can_be_compared_with()
    {
        using var folder = new TemporaryFolder();
        var report = await LdmProcess.RunAsync("bench", "--filter", "unet-small-b1", "--seconds", "0", "--json");
        Assert.True(report.ExitCode == 0, report.Error);
        var file = Path.Combine(folder.Path, "before.json");
        await File.WriteAllTextAsync(file, report.Output, TestContext.Current.CancellationToken);

        string[] arguments = ["bench", "--filter", "checkpoint", "--seconds", "0", "--compare", file];
        var others = await LdmProcess.RunAsync(arguments);
        var slower = await LdmProcess.RunAsync([
            "bench",
            "--filter",
            "unet-small-b1",
            "--seconds",
            "0",
            "--compare",
            file,
            "--fail-below",
            "1000",
        ]);

        Assert.Equal(0, others.ExitCode);
        Assert.Equal(1, slower.ExitCode);
        Assert.Contains("share of peak", slower.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_input_is_told_in_one_line()
    {
        using var folder = new TemporaryFolder();
        var junk = Path.Combine(folder.Path, "junk.json");
        await File.WriteAllTextAsync(junk, "{}", TestContext.Current.CancellationToken);
        await AssertRefusedAsync("nosuchcase", "bench", "--filter", "nosuchcase");
        await AssertRefusedAsync("missing.json", "bench", "--compare", "missing.json");
        await AssertRefusedAsync("junk.json", "bench", "--compare", junk);
        await AssertRefusedAsync("--seconds", "bench", "--seconds", "-1");
    }

    [Fact]
    public async Task The_committed_baseline_can_be_read_and_has_every_case()
    {
        var baseline = BenchComparison.Read(Path.Combine(Repository.Root, "bench", "baseline.json"));
        var list = await LdmProcess.RunAsync("bench", "--list", "--json");

        Assert.Equal(0, list.ExitCode);
        Assert.Equal(BenchCases.All.Select(c => c.Name), baseline.Cases.Select(c => c.Name));
        Assert.All(BenchCases.All, c => Assert.Contains($"\"{c.Name}\"", list.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Comparison_is_by_share_of_peak_where_there_is_one()
    {
        var machine = new BenchMachine("p", 2, 2, "avx2");
        var before = new BenchReport(machine, [Result(seconds: 1, peak: 100)]);
        // Half the time on a machine of twice the speed is no gain.
        var now = new BenchReport(machine, [Result(seconds: 0.5, peak: 200)]);

        var change = Assert.Single(BenchComparison.Between(before, now));

        Assert.Equal(1, change.Ratio, 1e-9);
    }

    // Counted from the operators of the reference implementation.
    [Theory]
    [InlineData("unet-small-b16", 12.0)]
    [InlineData("unet-small-b1", 0.75)]
    public void Multiply_adds_are_the_references(string name, double gmac)
    {
        using var work = BenchCases.All.Single(c => c.Name == name).Prepare();

        Assert.Equal(gmac, work.MultiplyAdds!.Value / 1e9, 0.01 * gmac);
    }

    private static BenchResult Result(double seconds, double peak) =>
        new("case", "shape", 3, seconds, seconds, seconds, 1, peak, 100, 10, null, null);

    private static async Task AssertRefusedAsync(string named, params string[] arguments)
    {
        var outcome = await LdmProcess.RunAsync(arguments);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(named, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
    }
}
