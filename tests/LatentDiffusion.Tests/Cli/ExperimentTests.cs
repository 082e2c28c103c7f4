using System.Text.Json;
using LatentDiffusion.Cli.Commands;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class ExperimentTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> All => [.. ExperimentVerb.All.Select(verb => verb.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [Trait("Speed", "Slow")]
    [MemberData(nameof(All))]
    public async Task An_experiment_runs_at_the_smallest_scale_and_reports(string name)
    {
        var outcome = await RunAsync(name);

        Assert.True(outcome.ExitCode == 0, outcome.Error);
        var page = File.ReadAllText(Path.Combine(_folder.Path, "index.html"));
        Assert.Contains("<table>", page, StringComparison.Ordinal);
        Assert.Contains("<footer>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("not measured", page, StringComparison.Ordinal);
        // One file with everything in it: nothing is loaded from elsewhere.
        Assert.DoesNotMatch("(src|href)=\"(?!data:)", page);
        var entries = JsonDocument.Parse(outcome.Output).RootElement.GetProperty("entries").EnumerateArray().ToList();
        Assert.All(entries, entry => Assert.Equal(JsonValueKind.Object, entry.GetProperty("result").ValueKind));
        if (name == "samplers")
        {
            Assert.Contains("data:image/png;base64,", page, StringComparison.Ordinal);
            await GoesOnWhereItWasAsync(name, entries.Count);
        }
    }

    [Fact]
    public async Task What_another_seed_gave_is_not_taken_for_this_ones()
    {
        WritePlan("{ name: look, run: doctor }");

        var first = await RunPlanAsync("1");
        var same = await RunPlanAsync("1");
        var other = await RunPlanAsync("2");

        Assert.Equal("doctor --seed 1 --threads 1", Entries(first)[0].GetProperty("command").GetString());
        Assert.Equal(first.Output, same.Output);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("has results of --seed 1 --threads 1, not of --seed 2", other.Error, StringComparison.Ordinal);
        var page = File.ReadAllText(Path.Combine(_folder.Path, "out", "experiments", "samplers-smoke", "index.html"));
        Assert.Contains("ldm experiment samplers --scale smoke --seed 1 --threads 1", page, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task A_changed_configuration_is_trained_anew_and_measured_again()
    {
        TinyRuns.Prepare(_folder.Path);
        WritePlan(
            "{ name: train, run: 'train {root}/autoencoder.yaml --run {out}/model --resume --steps 1' }",
            "{ name: measure, run: 'evaluate reconstruction --model {out}/model --images {root}/images --size 16' }",
            "{ name: look, run: doctor }"
        );
        var before = Entries(await RunPlanAsync("1"));
        var configuration = Path.Combine(_folder.Path, "autoencoder.yaml");
        File.WriteAllText(configuration, TinyRuns.Autoencoder.Replace("1.0e-3", "1.0e-2", StringComparison.Ordinal));

        var refused = await RunPlanAsync("1");
        Directory.Delete(Path.Combine(_folder.Path, "out", "experiments", "samplers-smoke", "model"), recursive: true);
        var after = Entries(await RunPlanAsync("1"));

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("The step 'train' was run with another command or configuration: delete ", refused.Error);
        Assert.NotEqual(before[0].GetRawText(), after[0].GetRawText());
        Assert.NotEqual(
            before[1].GetProperty("result").GetProperty("psnr").GetDouble(),
            after[1].GetProperty("result").GetProperty("psnr").GetDouble()
        );
        Assert.Equal(before[2].GetRawText(), after[2].GetRawText());
    }

    [Fact]
    public async Task A_step_that_fails_is_named_with_its_command()
    {
        var outcome = await LdmProcess.RunAsync(
            "experiment",
            "samplers",
            "--out",
            Path.Combine(_folder.Path, "out"),
            "--scale",
            "paper"
        );

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(
            "The step 'train model=celeba-ldm-4' failed (ldm train ",
            outcome.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("celeba-ldm-4.yaml", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_that_fails_for_no_fault_of_the_user_is_a_failure()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "model", "metrics.jsonl"));

        var outcome = await RunAsync("samplers");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("The step 'train' failed (ldm train ", outcome.Error, StringComparison.Ordinal);
    }

    private void WritePlan(params string[] steps)
    {
        var plan = Path.Combine(_folder.Path, "experiments", "samplers", "smoke.yaml");
        Directory.CreateDirectory(Path.GetDirectoryName(plan)!);
        var lines = string.Concat(steps.Select(step => $"      - {step}\n"));
        File.WriteAllText(plan, $"title: T\npaper: P\ntext: []\nstages:\n  - steps:\n{lines}");
    }

    private Task<LdmProcess.Outcome> RunPlanAsync(string seed) =>
        LdmProcess.StartAsync(
            LdmProcess.DotnetHost,
            [LdmProcess.Program, "experiment", "samplers", "--seed", seed, "--threads", "1", "--json"],
            _folder.Path
        );

    private static List<JsonElement> Entries(LdmProcess.Outcome outcome)
    {
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return [.. JsonDocument.Parse(outcome.Output).RootElement.GetProperty("entries").EnumerateArray()];
    }

    private Task<LdmProcess.Outcome> RunAsync(string name) =>
        LdmProcess.RunAsync("experiment", name, "--scale", "smoke", "--out", _folder.Path, "--threads", "1", "--json");

    // Without one of its results, only that one is measured again.
    private async Task GoesOnWhereItWasAsync(string name, int count)
    {
        var path = Path.Combine(_folder.Path, "results.json");
        var before = JsonDocument.Parse(File.ReadAllText(path)).RootElement;
        var kept = before.GetProperty("entries").EnumerateArray().Take(count - 1).Select(e => e.GetRawText());
        File.WriteAllText(path, $$"""{"plan":"","seed":23,"threads":1,"entries":[{{string.Join(',', kept)}}]}""");

        var again = await RunAsync(name);

        var entries = JsonDocument.Parse(again.Output).RootElement.GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(count, entries.Count);
        Assert.Equal(kept.Select(Seconds), entries.Take(count - 1).Select(e => Seconds(e.GetRawText())));

        static double Seconds(string entry) => JsonDocument.Parse(entry).RootElement.GetProperty("seconds").GetDouble();
    }
}
