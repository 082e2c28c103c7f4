using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class PublishTests
{
    [Fact]
    [Trait("Speed", "Slow")]
    public async Task A_published_program_works()
    {
        var root = Repository.Root;
        using var target = new TemporaryFolder();
        var publish = await LdmProcess.StartAsync(
            LdmProcess.DotnetHost,
            ["publish", "src/LatentDiffusion.Cli", "-c", "Release", "-o", target.Path, "-p:UseSharedCompilation=false"],
            root
        );
        Assert.True(publish.ExitCode == 0, publish.Output + publish.Error);

        var program = Path.Combine(target.Path, OperatingSystem.IsWindows() ? "ldm.exe" : "ldm");
        var doctor = await LdmProcess.StartAsync(program, ["doctor"], target.Path);

        Assert.True(doctor.ExitCode == 0, doctor.Output + doctor.Error);
    }
}
