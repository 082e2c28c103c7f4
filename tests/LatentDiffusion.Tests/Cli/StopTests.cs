using System.Globalization;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class StopTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public StopTests() => TinyRuns.Prepare(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_ends_training_with_a_checkpoint_to_resume_from(string signal, int exitCode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no kill.");
        // It would go on long after the signal, however late that comes.
        const int Endless = 1_000_000;
        var run = Path.Combine(_folder.Path, "stopped");
        var command = Command("stopped", Endless);
        var log = new FileInfo(Path.Combine(run, "metrics.jsonl"));
        using var process = LdmProcess.Start(command);
        while (log is not { Exists: true, Length: > 0 } && !process.HasExited)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
            log.Refresh();
        }

        // A shell's built-in kill is everywhere, the program of that name is not.
        var kill = await LdmProcess.StartAsync("sh", ["-c", $"kill -{signal} {process.Id}"], _folder.Path);
        Assert.Equal(0, kill.ExitCode);
        var stopped = await LdmProcess.EndAsync(process);

        Assert.Equal("ldm train: stopped.", stopped.Error.TrimEnd());
        Assert.Equal(exitCode, stopped.ExitCode);
        var checkpoint = Assert.Single(Directory.GetDirectories(Path.Combine(run, "checkpoints"), "step-*"));
        Assert.Empty(TinyRuns.HalfWritten(run));

        var steps = int.Parse(Path.GetFileName(checkpoint)["step-".Length..], CultureInfo.InvariantCulture) + 10;
        var resumed = await LdmProcess.RunAsync(Command("stopped", steps));
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        var straight = await LdmProcess.RunAsync(Command("straight", steps));
        Assert.True(straight.ExitCode == 0, straight.Error);
        Assert.Equal(Weights("straight", steps), Weights("stopped", steps));
    }

    // No checkpoints but the signal's own and the last one.
    private string[] Command(string run, int steps) =>
        TinyRuns.Command(
            _folder.Path,
            "autoencoder",
            run,
            $"training.steps={steps}",
            "training.checkpoint_every=0",
            "--resume"
        );

    private byte[] Weights(string run, int step) =>
        File.ReadAllBytes(Path.Combine(_folder.Path, run, "checkpoints", $"step-{step:d8}", "model.safetensors"));
}
