using System.Text.RegularExpressions;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Trait("Speed", "Slow")]
public sealed partial class KillTests : IDisposable
{
    private const int Kills = 10;
    private const int Steps = 200;
    private const int Killed = 137;

    private readonly TemporaryFolder _folder = new();
    private readonly Random _random = new(1);

    public KillTests() => TinyRuns.Prepare(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ten_kills_and_resumes_change_no_byte_of_either_stage()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no kill -9.");
        foreach (var name in new[] { "autoencoder", "latent-diffusion" })
        {
            await TinyRuns.TrainAsync(_folder.Path, name, Steps);
            var run = Path.Combine(_folder.Path, $"{name}-killed");
            for (var i = 0; i < Kills; i++)
            {
                await KillAsync(name, run, i);
            }

            var last = await LdmProcess.RunAsync(Command(name));

            Assert.True(last.ExitCode == 0, last.Error);
            AssertSame(Path.Combine(_folder.Path, name), run);
        }
    }

    private string[] Command(string name) => TinyRuns.Command(_folder.Path, name, $"{name}-killed", "--resume");

    /// <summary>Every third kill comes within the start, the others when the log has reached a random step.</summary>
    private async Task KillAsync(string name, string run, int number)
    {
        var duringStart = number % 3 == 2;
        var step = duringStart ? 0 : _random.Next(Steps * 3 / 4 * number / Kills, Steps * 3 / 4 * (number + 1) / Kills);
        using var process = LdmProcess.Start(Command(name));
        while (LoggedSteps(run) < step && !process.HasExited)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        // Not always just after a line was written, but also within the step or the checkpoint that follow.
        await Task.Delay(_random.Next(duringStart ? 500 : 50), TestContext.Current.CancellationToken);
        process.Kill();
        var outcome = await LdmProcess.EndAsync(process);
        Assert.True(outcome.ExitCode == Killed, $"kill {number}: exit code {outcome.ExitCode}, {outcome.Error}");
    }

    private static int LoggedSteps(string run)
    {
        var log = Path.Combine(run, "metrics.jsonl");
        return File.Exists(log) ? File.ReadLines(log).Count() : 0;
    }

    private static void AssertSame(string expected, string actual)
    {
        var checkpoint = Path.Combine("checkpoints", $"step-{Steps:d8}");
        var files = Directory.GetFiles(Path.Combine(expected, checkpoint)).Select(Path.GetFileName).Order().ToArray();
        Assert.Equal(["model.safetensors", "optimizer.safetensors", "trainer.json"], files);
        foreach (var file in files)
        {
            var same = File.ReadAllBytes(Path.Combine(expected, checkpoint, file!))
                .AsSpan()
                .SequenceEqual(File.ReadAllBytes(Path.Combine(actual, checkpoint, file!)));
            Assert.True(same, $"{file} of {actual} differs");
        }

        Assert.Equal(LogWithoutTimes(expected), LogWithoutTimes(actual));
        Assert.Equal(Steps, LoggedSteps(actual));
        Assert.Empty(TinyRuns.HalfWritten(actual));
    }

    private static string LogWithoutTimes(string run) =>
        Seconds().Replace(File.ReadAllText(Path.Combine(run, "metrics.jsonl")), "");

    [GeneratedRegex("\"seconds\":[^,]*,")]
    private static partial Regex Seconds();
}
