using System.Text.Json;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class DoctorTests
{
    [Fact]
    public async Task This_machine_is_usable()
    {
        var outcome = await LdmProcess.RunAsync("doctor", "--json", "--threads", "1");

        Assert.Equal(0, outcome.ExitCode);
        Assert.Empty(outcome.Error);
        var diagnosis = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.True(diagnosis.GetProperty("usable").GetBoolean());
        Assert.Equal("ok", Check(diagnosis, "self test").GetProperty("status").GetString());
        Assert.Equal("1", Check(diagnosis, "threads").GetProperty("text").GetString());
    }

    [Fact]
    public async Task Words_and_json_say_the_same()
    {
        var words = await LdmProcess.RunAsync("doctor");
        var json = JsonDocument.Parse((await LdmProcess.RunAsync("doctor", "--json")).Output).RootElement;

        Assert.Contains(json.GetProperty("summary").GetString()!, words.Output, StringComparison.Ordinal);
        foreach (var check in json.GetProperty("checks").EnumerateArray())
        {
            Assert.Contains(check.GetProperty("name").GetString()!, words.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("libtorch_cpu.so")]
    [InlineData("libLibTorchSharp.so")]
    [InlineData("libgomp-98b21ff3.so.1")]
    public async Task A_missing_native_file_is_named(string file)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The native files have other names elsewhere.");
        using var copy = new TemporaryFolder();
        CopyProgram(copy.Path, without: file);

        var outcome = await LdmProcess.RunInAsync(copy.Path, "doctor", "--json");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Empty(outcome.Error);
        var diagnosis = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.False(diagnosis.GetProperty("usable").GetBoolean());
        Assert.Contains(file, Text(diagnosis, "libtorch"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_native_file_that_is_cut_short_is_named()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The native files have other names elsewhere.");
        using var copy = new TemporaryFolder();
        const string File = "libtorch_cpu.so";
        CopyProgram(copy.Path, without: File);
        await using (var whole = System.IO.File.OpenRead(Path.Combine(AppContext.BaseDirectory, File)))
        {
            var start = new byte[100_000];
            await whole.ReadExactlyAsync(start, TestContext.Current.CancellationToken);
            await System.IO.File.WriteAllBytesAsync(
                Path.Combine(copy.Path, File),
                start,
                TestContext.Current.CancellationToken
            );
        }

        var outcome = await LdmProcess.RunInAsync(copy.Path, "doctor", "--json");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(
            $"{File} is cut short",
            Text(JsonDocument.Parse(outcome.Output).RootElement, "libtorch"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_device_that_is_not_there_is_a_problem()
    {
        var outcome = await LdmProcess.RunAsync("doctor", "--json", "--device", "cuda:99");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(
            "cuda:99",
            Text(JsonDocument.Parse(outcome.Output).RootElement, "CUDA"),
            StringComparison.Ordinal
        );
    }

    private static string Text(JsonElement diagnosis, string name) =>
        Check(diagnosis, name).GetProperty("text").GetString()!;

    private static JsonElement Check(JsonElement diagnosis, string name) =>
        diagnosis.GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);

    // The native files are half a gigabyte: a link does, because the loader looks beside the link.
    private static void CopyProgram(string target, string without)
    {
        foreach (var source in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            var name = Path.GetFileName(source);
            if (name == without)
            {
                continue;
            }

            if (name.Contains(".so", StringComparison.Ordinal))
            {
                File.CreateSymbolicLink(Path.Combine(target, name), source);
            }
            else
            {
                File.Copy(source, Path.Combine(target, name));
            }
        }
    }
}
