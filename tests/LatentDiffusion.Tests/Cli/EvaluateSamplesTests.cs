using System.IO.Compression;
using System.Text.Json;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyModels.Collection)]
public sealed class EvaluateSamplesTests(TinyModels models) : IDisposable
{
    private static readonly string[] Keys =
    [
        "fid",
        "sfid",
        "kid",
        "kid_se",
        "kid_std",
        "inception_score",
        "inception_score_std",
        "precision",
        "recall",
        "density",
        "coverage",
        "precision_real",
        "precision_samples",
        "count_real",
        "count_samples",
        "features",
        "size",
        "drawn",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_same_images_in_a_folder_and_an_archive_are_at_distance_0()
    {
        var archive = Path.Combine(_folder.Path, "images.zip");
        await ZipFile.CreateFromDirectoryAsync(models["images"], archive, TestContext.Current.CancellationToken);

        var json = await MeasureAsync("--real", models["images"], "--samples", archive, "--size", "16");

        Assert.Equal(Keys, json.EnumerateObject().Select(property => property.Name));
        Assert.InRange(json.GetProperty("fid").GetDouble(), 0, 1e-4);
        Assert.InRange(json.GetProperty("sfid").GetDouble(), 0, 1e-4);
        Assert.InRange(json.GetProperty("inception_score").GetDouble(), 1, 10);
        Assert.Equal((1, 1), (json.GetProperty("precision").GetDouble(), json.GetProperty("recall").GetDouble()));
        Assert.Equal(1, json.GetProperty("coverage").GetDouble());
        Assert.Equal((24, 24), (Count(json, "precision_real"), Count(json, "precision_samples")));
        Assert.Equal((24, 24), (Count(json, "count_real"), Count(json, "count_samples")));
        // Sets of one size, taken whole.
        Assert.True(json.GetProperty("kid_se").GetDouble() >= 0);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("kid_std").ValueKind);
        Assert.Equal("features", json.GetProperty("features").GetString());
    }

    [Fact]
    public async Task Other_images_are_further_away_and_the_size_is_that_of_the_samples()
    {
        var samples = Path.Combine(_folder.Path, "samples");
        TinyRuns.WriteImages(samples, ["grey"], count: 5, size: 17);

        var json = await MeasureAsync("--real", models["images"], "--samples", samples, "--count", "8");

        Assert.True(json.GetProperty("fid").GetDouble() > 1e-3);
        // Five of eight are drawn.
        Assert.Equal(JsonValueKind.Number, json.GetProperty("kid_std").ValueKind);
        Assert.Equal((8, 5, 17), (Count(json, "count_real"), Count(json, "count_samples"), Count(json, "size")));
    }

    [Fact]
    public async Task Words_name_network_and_size_at_every_figure_and_kept_features_are_used()
    {
        string[] arguments =
        [
            .. (string[])["evaluate", "samples", "--features", Repository.PathOf("models/features"), "--size", "16"],
            .. (string[])["--threads", "1", "--real", models["images"], "--samples", models["images"]],
        ];
        var cache = Path.Combine(_folder.Path, "cache");

        var first = await LdmProcess.RunWithAsync("LDM_CACHE_DIR", cache, arguments);
        var second = await LdmProcess.RunWithAsync("LDM_CACHE_DIR", cache, arguments);
        var third = await LdmProcess.RunWithAsync("LDM_CACHE_DIR", cache, [.. arguments, "--no-cache"]);

        Assert.True(first.ExitCode == 0, first.Error);
        string[] measures = ["FID", "sFID", "KID", "IS", "precision", "recall", "density", "coverage"];
        Assert.All(measures, m => Assert.Contains($"  {m}[features@16]", first.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("before", first.Output, StringComparison.Ordinal);
        Assert.Contains("measured before", second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("before", third.Output, StringComparison.Ordinal);
        Assert.Equal(Figures(first.Output), Figures(second.Output));
        Assert.Single(Directory.GetFiles(Path.Combine(cache, "features")));
    }

    [Theory]
    [InlineData("nowhere", null, "nowhere")]
    [InlineData("images", "split=test", "split")]
    public async Task Images_that_are_not_there_are_named(string real, string? filter, string named)
    {
        string[] more = filter is null ? [] : ["--where", filter];
        var outcome = await LdmProcess.RunAsync([
            .. (string[])["evaluate", "samples", "--real", models[real], "--samples", models["images"]],
            .. more,
        ]);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(named, outcome.Error, StringComparison.Ordinal);
        Assert.Single(outcome.Error.Trim().Split('\n'));
    }

    private static IEnumerable<string> Figures(string output) => output.Split('\n').Where(line => line.Contains('@'));

    private static int Count(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private static async Task<JsonElement> MeasureAsync(params string[] options)
    {
        var outcome = await LdmProcess.RunAsync([
            .. (string[])["evaluate", "samples", "--features", Repository.PathOf("models/features")],
            .. (string[])["--threads", "1", "--json", "--quiet", "--no-cache"],
            .. options,
        ]);
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        return JsonDocument.Parse(outcome.Output).RootElement;
    }
}
