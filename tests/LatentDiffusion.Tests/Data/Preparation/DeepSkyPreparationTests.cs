using LatentDiffusion.Data;
using LatentDiffusion.Data.Preparation.DeepSky;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data.Preparation;

public sealed class DeepSkyPreparationTests : IDisposable
{
    private const uint Galaxy = 0;
    private const uint OpenCluster = 6;
    private const uint Globular = 7;
    private const uint PlanetaryNebula = 11;
    private const uint DarkNebula = 12;
    private const uint SupernovaRemnant = 18;

    private readonly Support.TemporaryFolder _folder = new();

    [Fact]
    public void Pictures_are_classed_by_the_object_they_are_named_after_or_by_the_one_in_their_middle()
    {
        var sky = Sky();
        sky.Add(Galaxy, 10, 20, "NGC", 78);
        // Another object of that number, elsewhere, and one that is nearer than what the name tells.
        sky.Add(DarkNebula, 11, 20, "NGC", 78);
        sky.Add(Galaxy, 30.001, 40, "IC", 1);
        sky.Add(Globular, 30.05, 40, "M", 13);
        sky.Add(PlanetaryNebula, 50.005, -0.1, "PGC", 5);
        sky.Add(OpenCluster, 70, 0.3, "Sh2", 7);
        sky.Add(SupernovaRemnant, 90, -60, "RCW", 8);
        sky.Add(DarkNebula, 110, 0, "B", 9);
        sky.Add(Galaxy, 130, 0);
        sky.Add(Galaxy, 150, 0);
        sky.Add(Galaxy, 150.01, 0);
        Show("n78.png", 10, 20);
        Show("m13-vasey.png", 30, 40);
        Show("Medusa.png", 50, -0.1);
        Show("sh2-7-1.png", 70, 0.3);
        Show("rcw8.png", 90, -60);
        Show("barnard9.png", 110, 0);
        Show("mosaic.png", 130, 0, side: 5);
        Show("two.png", 150, 0);
        Show("beside.png", 30.12, 40);
        sky.Write();

        var result = Run(sky);

        Assert.Equal(
            [
                "galaxy/n78.png",
                "globular-cluster/m13-vasey.png",
                "nebula/rcw8.png",
                "open-cluster/sh2-7-1.png",
                "planetary-nebula/Medusa.png",
            ],
            Written("out")
        );
        Assert.Equal([1, 1, 1, 1, 1], result.Classes.Values);
        Assert.Equal(
            (5, 1, 3, 0),
            (result.Training + result.Validation, result.OtherKinds, result.Unknown, result.Small)
        );

        void Show(string file, double rightAscension, double declination, double side = 0.2) =>
            sky.Show(file, rightAscension, declination, TestImages.Pattern(8, 8), side);
    }

    [Fact]
    public void The_whole_picture_is_reduced_and_small_ones_are_left_out()
    {
        var sky = Sky();
        sky.Add(Galaxy, 10, 20, "NGC", 1);
        sky.Add(Galaxy, 12, 20, "NGC", 2);
        var picture = TestImages.Pattern(32, 32);
        sky.Show("n1.png", 10, 20, picture);
        sky.Show("n2.png", 12, 20, TestImages.Pattern(7, 7));
        sky.Write();

        var result = Run(sky);

        Assert.Equal((1, 1), (result.Training + result.Validation, result.Small));
        var reduced = ImageDecoder.DecodeFile(
            Directory.GetFiles(_folder["out"], "n1.png", SearchOption.AllDirectories).Single()
        );
        Assert.Equal(Resampler.Bicubic(picture, 8, 8).Pixels, reduced.Pixels);
    }

    [Fact]
    public void A_tenth_is_kept_for_validation_and_a_picture_stays_where_it_is()
    {
        var (all, half) = (Sky("all"), Sky("half"));
        for (uint i = 1; i <= 200; i++)
        {
            foreach (var sky in i % 2 == 0 ? [all, half] : new[] { all })
            {
                sky.Add(i % 3 == 0 ? Globular : Galaxy, i, 20, "NGC", i);
                sky.Show($"n{i}.png", i, 20, TestImages.Pattern(8, 8));
            }
        }

        all.Write();
        half.Write();
        var result = Run(all, "out");
        Run(half, "out-half");
        Run(all, "again");

        Assert.InRange(result.Validation, 8, 35);
        Assert.Equal(200, result.Validation + result.Training);
        Assert.Equal(result.Training, ImageFolderSource.Open(_folder["out/train"]).Count);
        Assert.Equal(["galaxy", "globular-cluster"], ImageFolderSource.Open(_folder["out/validation"]).ClassNames);
        Assert.Equal(Paths("out"), Paths("again"));
        Assert.Equal(100, Paths("out-half").Count);
        Assert.Subset(Paths("out").ToHashSet(), Paths("out-half").ToHashSet());
    }

    [Fact]
    public void A_notice_tells_whose_the_pictures_are_and_under_what_terms()
    {
        var sky = Sky();
        sky.Add(Galaxy, 10, 20, "NGC", 1);
        sky.Add(Galaxy, 12, 20, "NGC", 2);
        sky.Add(DarkNebula, 14, 20, "NGC", 3);
        sky.Show("n1.png", 10, 20, TestImages.Pattern(8, 8));
        sky.Show("n2.png", 12, 20, TestImages.Pattern(8, 8));
        sky.Show("n3.png", 14, 20, TestImages.Pattern(8, 8));
        sky.Write();
        File.WriteAllText(_folder["copyright"], "Use freely, with credit.");

        Run(sky);

        var notice = File.ReadAllText(_folder["out/NOTICE.md"]);
        Assert.Contains("| n1.png | Owner of n1.png | https://example.org/n1.png |", notice, StringComparison.Ordinal);
        Assert.Contains("| n2.png | Owner of n2.png | https://example.org/n2.png |", notice, StringComparison.Ordinal);
        Assert.DoesNotContain("n3.png", notice, StringComparison.Ordinal);
        Assert.Contains("    Use freely, with credit.", notice, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_data_name_the_package()
    {
        var sky = Galaxies();
        File.Delete(Path.Combine(sky.Folder, "textures.json"));

        var nowhere = Refusal(Sky("no"));
        var listless = Refusal(sky);

        Assert.Contains(_folder["no"], nowhere, StringComparison.Ordinal);
        Assert.Contains("package stellarium-data", nowhere, StringComparison.Ordinal);
        Assert.Contains("textures.json", listless, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_catalogue_is_refused()
    {
        var sky = Galaxies();

        sky.WriteCatalog(keep: 0.7);
        AssertRefused("ends in the middle");

        sky.WriteCatalog(keep: 0);
        AssertRefused("no objects");

        sky.WriteCatalog(keep: 1);
        var packed = File.ReadAllBytes(sky.CatalogFile);
        File.WriteAllBytes(sky.CatalogFile, packed[..^20]);
        AssertRefused("cut short");

        File.WriteAllBytes(sky.CatalogFile, [1, 2, 3]);
        AssertRefused("not compressed by gzip");

        sky.Add(Galaxy, 10, declination: 200);
        sky.WriteCatalog(keep: 1);
        AssertRefused("object 3 has no place in the sky");

        void AssertRefused(string why)
        {
            var message = Refusal(sky);
            Assert.Contains(why, message, StringComparison.Ordinal);
            Assert.Contains(sky.CatalogFile, message, StringComparison.Ordinal);
            Assert.Contains("Install the package stellarium-data again", message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_folder["out"]));
        }
    }

    [Theory]
    [InlineData("2.1")]
    [InlineData("3.15")]
    [InlineData("4.20")]
    [InlineData("")]
    public void A_catalogue_of_another_version_is_refused(string version) =>
        Assert.Contains($"version \"{version}\"; 3.16", Refusal(Galaxies(version)), StringComparison.Ordinal);

    [Fact]
    public void A_damaged_list_and_pictures_that_are_all_too_small_are_refused()
    {
        var sky = Galaxies("3.20");

        var large = Assert.Throws<UserInputException>(() => Run(sky, size: 16)).Message;
        File.WriteAllText(Path.Combine(sky.Folder, "textures.json"), "{\"subTiles\": [{\"imageUrl\": \"n1.png\"}]}");
        var list = Refusal(sky);

        Assert.Contains("16x16", large, StringComparison.Ordinal);
        Assert.Contains("textures.json", list, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private TinyStellarium Sky(string name = "stellarium", string version = "3.16") =>
        new(_folder[name]) { Version = version };

    private TinyStellarium Galaxies(string version = "3.16")
    {
        var sky = Sky(version: version);
        for (uint i = 1; i <= 2; i++)
        {
            sky.Add(Galaxy, i, 20, "NGC", i);
            sky.Show($"n{i}.png", i, 20, TestImages.Pattern(8, 8));
        }

        sky.Write();
        return sky;
    }

    private DeepSkyPreparationResult Run(TinyStellarium sky, string output = "out", int size = 8) =>
        new DeepSkyPreparation { Size = size, CopyrightFile = _folder["copyright"] }.Run(
            sky.Root,
            _folder[output],
            cancellation: TestContext.Current.CancellationToken
        );

    private string Refusal(TinyStellarium sky) => Assert.Throws<UserInputException>(() => Run(sky)).Message;

    private List<string> Paths(string output) =>
        [
            .. Directory
                .EnumerateFiles(_folder[output], "*.png", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(_folder[output], path).Replace('\\', '/'))
                .Order(StringComparer.Ordinal),
        ];

    // Without train or validation.
    private IEnumerable<string> Written(string output) =>
        Paths(output)
            .Select(path => path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..])
            .Order(StringComparer.Ordinal);
}
