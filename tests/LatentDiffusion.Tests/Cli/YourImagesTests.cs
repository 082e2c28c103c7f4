using System.Text.RegularExpressions;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

/// <summary>Follows docs/train-on-your-images.md: the configurations are copied and only the path is changed.</summary>
[Trait("Speed", "Slow")]
public sealed partial class YourImagesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copied_configuration_trains_on_a_folder_of_images(bool classes)
    {
        var photos = Path.Combine(_folder.Path, "my photos");
        TinyRuns.WriteImages(photos, classes ? ["cats", "dogs"] : ["."], count: 12, size: 120);
        foreach (var name in new[] { "autoencoder.yaml", "latent-diffusion.yaml" })
        {
            var yaml = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "configs", "your-images", name));
            Assert.Contains("path: photos ", yaml, StringComparison.Ordinal);
            yaml = yaml.Replace("path: photos ", $"path: {photos} ", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(_folder.Path, name), classes ? WithClasses(yaml) : yaml);
        }

        await RunAsync("train", "autoencoder.yaml", "--steps", "2");
        await RunAsync("train", "latent-diffusion.yaml", "--steps", "2", "samples.steps=2");
        await RunAsync("train", "latent-diffusion.yaml", "--steps", "3", "samples.steps=2", "--resume");
        string[] options = classes ? ["--class", "dogs"] : [];
        await RunAsync([
            "sample",
            "runs/latent-diffusion",
            "--count",
            "2",
            "--steps",
            "2",
            "--out",
            "drawn",
            .. options,
        ]);
        await RunAsync("reconstruct", "runs/autoencoder", "--images", photos, "--out", "reconstructions.png");

        var drawn = Directory.GetFiles(Path.Combine(_folder.Path, "drawn")).Select(f => ImageDecoder.DecodeFile(f));
        Assert.Equal([(64, 64), (64, 64)], drawn.Select(image => (image.Width, image.Height)));
        Assert.Equal(
            classes ? ["dogs-0.png", "dogs-1.png"] : ["0.png", "1.png"],
            Directory.GetFiles(Path.Combine(_folder.Path, "drawn")).Select(f => Path.GetFileName(f)).Order()
        );
        Assert.True(File.Exists(Path.Combine(_folder.Path, "reconstructions.png")));
        Assert.True(File.Exists(Path.Combine(_folder.Path, "runs", "latent-diffusion", "sheets", "step-00000003.png")));
    }

    // As a reader would: the '#'s of the section go, those of the remarks stay.
    private static string WithClasses(string yaml) => CommentedSetting().Replace(yaml, "$1");

    [GeneratedRegex("^#((?:  )?[a-z_]+:)", RegexOptions.Multiline)]
    private static partial Regex CommentedSetting();

    private async Task RunAsync(params string[] args)
    {
        var outcome = await LdmProcess.StartAsync(
            LdmProcess.DotnetHost,
            [LdmProcess.Program, .. args, "--threads", "1"],
            _folder.Path
        );
        Assert.True(outcome.ExitCode == 0, outcome.Error);
    }
}
