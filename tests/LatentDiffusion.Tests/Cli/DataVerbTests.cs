using System.Text.Json;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Data.Preparation;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class DataVerbTests
{
    [Fact]
    public async Task Scenes_are_composed_of_what_ships_and_pass_the_check()
    {
        using var folder = new Support.TemporaryFolder();
        Directory.CreateDirectory(folder["photos"]);
        File.WriteAllBytes(folder["photos/1.png"], PngEncoder.Encode(TestImages.Pattern(96, 80)));
        var emoji = Path.Combine(AppContext.BaseDirectory, "data", "emoji", "emoji64.parquet");

        var composed = await LdmProcess.RunAsync([
            "data",
            "compose",
            "--cutouts",
            emoji,
            "--photos",
            folder["photos"],
            "--out",
            folder["set"],
            "--count",
            "4",
            .. (string[])["--min-objects", "2", "--max-objects", "2"],
            .. (string[])["--smallest-object", "0.125", "--largest-object", "0.15"],
            "--json",
        ]);

        Assert.True(composed.ExitCode == 0, composed.Error);
        using var result = JsonDocument.Parse(composed.Output);
        Assert.Equal(4, result.RootElement.GetProperty("scenes").GetInt32());
        Assert.Equal(10, result.RootElement.GetProperty("classes").GetArrayLength());
        var layouts = Enumerable
            .Range(0, 4)
            .Select(i => LayoutFile.Read(folder[$"set/layouts/00000{i}.json"]))
            .ToList();
        Assert.All(layouts, layout => Assert.Equal(2, layout.Objects.Count));
        Assert.All(
            layouts.SelectMany(layout => layout.Objects),
            o => Assert.InRange(Math.Max(o.Box.Width, o.Box.Height), 0.05, 0.15 + 0.02)
        );

        var good = await LdmProcess.RunAsync("data", "check", folder["set"], "--json");
        Assert.Equal(0, good.ExitCode);
        using var report = JsonDocument.Parse(good.Output);
        Assert.True(report.RootElement.GetProperty("is_right").GetBoolean());

        File.Delete(folder["set/maps/000002.png"]);
        var bad = await LdmProcess.RunAsync("data", "check", folder["set"]);
        Assert.Equal(1, bad.ExitCode);
        Assert.Contains("wrong: images/000002.png: has no label map in maps", bad.Output, StringComparison.Ordinal);
        Assert.Contains("1 thing is wrong.", bad.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_sky_becomes_folders_of_classes()
    {
        using var folder = new Support.TemporaryFolder();
        var sky = new TinyStellarium(folder["stellarium"]);
        sky.Add(type: 0, 10, 20, "NGC", 1);
        sky.Show("n1.png", 10, 20, TestImages.Pattern(16, 16));
        sky.Write();
        string[] command =
        [
            "data",
            "prepare",
            "deepsky",
            "--from",
            sky.Root,
            "--out",
            folder["set"],
            "--size",
            "8",
            "--json",
        ];

        var prepared = await LdmProcess.RunAsync(command);

        Assert.True(prepared.ExitCode == 0, prepared.Error);
        var galaxies = JsonDocument.Parse(prepared.Output).RootElement.GetProperty("classes")[0];
        Assert.Equal("galaxy", galaxies.GetProperty("name").GetString());
        Assert.Equal(1, galaxies.GetProperty("pictures").GetInt32());
        Assert.Single(Directory.GetFiles(folder["set"], "n1.png", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_the_users_mistake()
    {
        var outcome = await LdmProcess.RunAsync("data", "check", "no-such-folder");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("no-such-folder", outcome.Error, StringComparison.Ordinal);
    }
}
