using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyModels.Collection)]
public sealed class FullDiskTests(TinyModels models) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("16k", 0)]
    [InlineData("1m", 0)]
    [InlineData("6m", 1)]
    public async Task Training_says_so_and_leaves_whole_checkpoints_only(string size, int checkpoints)
    {
        var outcome = await RunOnSmallDiskAsync(
            size,
            TinyRuns.Command(
                models.Folder,
                "latent-diffusion",
                Path.Combine(_folder.Path, "run"),
                "training.checkpoint_every=1"
            )
        );

        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith("ldm train: The disk is full: ", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', outcome.Error.TrimEnd());
        var left = outcome.Output.Split('\n');
        Assert.DoesNotContain(left, file => file.Contains(".tmp-", StringComparison.Ordinal));
        Assert.Equal(checkpoints, left.Count(file => file.EndsWith("model.safetensors", StringComparison.Ordinal)));
        Assert.Equal(checkpoints, left.Count(file => file.EndsWith("trainer.json", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Sampling_says_so_and_leaves_whole_images_only()
    {
        var outcome = await RunOnSmallDiskAsync(
            "8k",
            [
                "sample",
                models["latent-diffusion"],
                .. (string[])["--out", _folder.Path, "--steps", "2", "--threads", "1", "--quiet"],
            ]
        );

        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith("ldm sample: The disk is full: ", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', outcome.Error.TrimEnd());
        Assert.All(outcome.Output.TrimEnd().Split('\n'), file => Assert.EndsWith(".png", file));
    }

    /// <summary>
    /// Runs the program with the test's folder on a disk of <paramref name="size"/>, which nobody else sees and which
    /// goes away with the process; the output is the list of files on it.
    /// </summary>
    private async Task<LdmProcess.Outcome> RunOnSmallDiskAsync(string size, string[] args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A small disk is made with Linux's tmpfs.");
        const string Script = """
            mount -t tmpfs -o size="$1" none "$2" || exit 99
            disk=$2
            shift 2
            "$@" >/dev/null
            code=$?
            find "$disk" -type f
            exit $code
            """;
        string[] command =
        [
            .. (string[])["-m", "sh", "-c", Script, "sh", size, _folder.Path],
            LdmProcess.DotnetHost,
            LdmProcess.Program,
            .. args,
        ];
        var unshared = await LdmProcess.StartAsync(
            "unshare",
            ["-m", "mount", "-t", "tmpfs", "none", _folder.Path],
            "/"
        );
        Assert.SkipUnless(unshared.ExitCode == 0, "Mounting a tmpfs needs privileges.");
        return await LdmProcess.StartAsync("unshare", command, "/");
    }
}
