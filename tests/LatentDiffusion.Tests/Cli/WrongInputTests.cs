using LatentDiffusion.Tests.Imaging;
using SkiaSharp;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

[Collection(TinyModels.Collection)]
public sealed class WrongInputTests(TinyModels models) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("text")]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("missing")]
    public async Task Images_that_cannot_be_used_are_named_by_every_verb_that_reads_them(string kind)
    {
        var (images, expected) = WrongImages(kind);
        var train = await TrainAsync("autoencoder", $"data.path={images}");
        var sheet = Path.Combine(_folder.Path, "sheet.png");
        var reconstruct = await LdmProcess.RunAsync(
            "reconstruct",
            models["autoencoder"],
            "--images",
            images,
            "--out",
            sheet
        );

        AssertRefused(train, "train", expected);
        AssertRefused(reconstruct, "reconstruct", expected);
        Assert.False(File.Exists(sheet));
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "run", "checkpoints")));
    }

    [Fact]
    public async Task Images_of_every_encoding_can_be_used()
    {
        var images = Directory.CreateDirectory(Path.Combine(_folder.Path, "images")).FullName;
        byte[] rgba = [.. Enumerable.Range(0, 20 * 20 * 4).Select(i => (byte)i)];
        Write("sixteen-bit", TestImages.Png(20, 20, 16, 2, Rows(20 * 6)));
        Write("grey", TestImages.Png(20, 20, 8, 0, Rows(20)));
        Write("grey-alpha-16", TestImages.Png(20, 20, 16, 4, Rows(20 * 4)));
        Write("alpha", TestImages.Encode(SKEncodedImageFormat.Png, 20, 20, rgba));
        File.WriteAllBytes(Path.Combine(images, "inks.jpg"), TestImages.Golden("cmyk.jpg"));

        var train = await TrainAsync("autoencoder", $"data.path={images}", "training.steps=2");
        var reconstruct = await LdmProcess.RunAsync(
            "reconstruct",
            models["autoencoder"],
            "--images",
            images,
            "--out",
            Path.Combine(_folder.Path, "sheet.png")
        );

        Assert.True(train.ExitCode == 0, train.Error);
        Assert.True(reconstruct.ExitCode == 0, reconstruct.Error);

        void Write(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(images, $"{name}.png"), bytes);
        static byte[][] Rows(int length) =>
            [.. Enumerable.Range(0, 20).Select(y => Enumerable.Range(0, length).Select(x => (byte)(x * y)).ToArray())];
    }

    [Theory]
    [InlineData("autoencoder", "kind is 'foo', an unknown kind", "kind=foo")]
    [InlineData("autoencoder", "data.size is 17: must be a multiple of 2", "data.size=17")]
    [InlineData("autoencoder", "channels is 40: must be a multiple of norm_groups, 32", "model.network.channels=40")]
    [InlineData("latent-diffusion", "num_heads is 5: 32 channels", "unet.num_heads=5")]
    [InlineData("latent-diffusion", "There is no model at ", "first_stage=nowhere")]
    [InlineData("latent-diffusion", "unet has in_channels 3", "unet.in_channels=3")]
    [InlineData("latent-diffusion", "cache_latents is true: random crops differ", "data.crop=random")]
    [InlineData("latent-diffusion", "context_dim is null: goes with", "unet.use_spatial_transformer=true")]
    [InlineData("latent-diffusion", "data.size 18 must be a multiple of 4", "data.size=18")]
    [InlineData("latent-diffusion", "The conditioner needs classes", "data.path=images/cat")]
    public async Task A_wrong_configuration_is_named_by_place_or_key(string name, string expected, string change)
    {
        var absolute = change.Replace("images/cat", models["images/cat"], StringComparison.Ordinal);

        AssertRefused(await TrainAsync(name, absolute), "train", expected);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "run")));
    }

    [Fact]
    public async Task A_misspelt_key_is_named_by_file_line_and_column_with_the_right_one()
    {
        var yaml = File.ReadAllLines(models["autoencoder.yaml"]);
        var line = Array.FindIndex(yaml, text => text.Contains("batch_size", StringComparison.Ordinal));
        var column = yaml[line].IndexOf("batch_size", StringComparison.Ordinal);
        yaml[line] = yaml[line].Replace("batch_size", "batch_sise", StringComparison.Ordinal);
        var file = Path.Combine(_folder.Path, "wrong.yaml");
        File.WriteAllLines(file, yaml);

        var outcome = await LdmProcess.RunAsync(TinyRuns.Command(_folder.Path, "wrong", "run"));

        var place = $"{file}:{line + 1}:{column + 1}: ";
        AssertRefused(outcome, "train", $"{place}unknown key 'batch_sise' in training. Did you mean 'batch_size'?");
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "run")));
    }

    [Fact]
    public async Task A_run_is_not_overwritten_and_not_resumed_with_other_settings()
    {
        var again = await LdmProcess.RunAsync(TinyRuns.Command(models.Folder, "autoencoder", "autoencoder"));
        var other = await LdmProcess.RunAsync(
            TinyRuns.Command(models.Folder, "autoencoder", "autoencoder", "--resume", "optimizer.learning_rate=1")
        );

        AssertRefused(again, "train", "already holds a run: continue it with --resume");
        AssertRefused(other, "train", "was started with another configuration");
    }

    [Fact]
    public async Task A_run_that_failed_before_its_first_checkpoint_can_be_begun_anew()
    {
        var (images, _) = WrongImages("cut");
        Assert.Equal(2, (await TrainAsync("autoencoder", $"data.path={images}")).ExitCode);
        var repaired = await TrainAsync("autoencoder", "training.steps=1");

        Assert.True(repaired.ExitCode == 0, repaired.Error);
    }

    [Fact]
    public async Task A_loss_that_explodes_is_a_failure_with_advice()
    {
        var outcome = await TrainAsync("autoencoder", "optimizer.learning_rate=1e30");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Matches(
            @"^ldm train: The loss or a weight is not a finite number after step \d+\. .*lower optimizer\.learning_rate\.\n$",
            outcome.Error
        );
    }

    [Theory]
    [InlineData("--class bird", "--class bird: no such class.")]
    [InlineData("--class 2", "--class 2: no such class.")]
    [InlineData("--size 17x16", "The width 17 must be a positive multiple of 4 pixels.")]
    [InlineData("--size 0x0", "The width 0 must be a positive multiple of 4 pixels.")]
    [InlineData("--size big", "option '--size' takes a width and a height such as 64x32, not 'big'.")]
    [InlineData("--guidance -1", "option '--guidance' takes a number from 0 up, not '-1'.")]
    [InlineData("--eta 2", "The sampler's eta 2 must be from 0 to 1.")]
    [InlineData("--sampler plms --eta 0.5", "The sampler plms has a fixed eta of 0, but 0.5 was given: leave it out.")]
    [InlineData("--sampler ddmi", "There is no sampler 'ddmi'. Did you mean 'ddim'?")]
    [InlineData("--spacing karas", "There is no spacing 'karas'. Did you mean 'karras'?")]
    [InlineData(
        "--spacing reference --steps 300",
        "With 300 steps the reference's spacing runs past the last timestep:"
    )]
    [InlineData("--guidance-rescale 1.5", "The guidance rescale 1.5 must be from 0 to 1.")]
    [InlineData("--guidance-interval 9", "--guidance-interval 9: give the lowest and the highest timestep")]
    [InlineData(
        "--guidance-interval 800:200",
        "The guidance interval 800:200 must rise within the timesteps 0 to 999."
    )]
    [InlineData("--patch 17", "The patch size 17 must be a positive multiple of 4 pixels.")]
    [InlineData("--steps 0", "option '--steps' takes a number above 0, not '0'.")]
    [InlineData("--steps 1001", "1001 sampler steps: choose 1 to 1000.")]
    [InlineData("--count 0", "option '--count' takes a number above 0, not '0'.")]
    public async Task A_request_that_the_model_cannot_fulfil_is_refused(string options, string expected)
    {
        var outcome = await SampleAsync(models["latent-diffusion"], options.Split(' '));

        AssertRefused(outcome, "sample", expected);
    }

    [Fact]
    public async Task An_output_folder_that_is_a_file_is_refused()
    {
        var outcome = await LdmProcess.RunAsync(
            "sample",
            models["latent-diffusion"],
            "--out",
            models["autoencoder.yaml"]
        );

        AssertRefused(outcome, "sample", "autoencoder.yaml is a file.");
    }

    [Theory]
    [InlineData("nowhere", "There is no model at ")]
    [InlineData("images", "holds no model.safetensors and no checkpoint")]
    [InlineData("autoencoder", "is an autoencoder and cannot sample by itself")]
    [InlineData("autoencoder.yaml", "neither a file of torch.save nor a safetensors file")]
    public async Task What_is_no_diffusion_model_is_refused(string name, string expected)
    {
        var outcome = await SampleAsync(models[name]);

        AssertRefused(outcome, "sample", name);
        AssertRefused(outcome, "sample", expected);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("cut")]
    [InlineData("header")]
    [InlineData("weights")]
    public async Task A_damaged_model_is_refused(string damage)
    {
        var whole = File.ReadAllBytes(
            Directory.GetFiles(models["latent-diffusion"], "model.safetensors", SearchOption.AllDirectories)[0]
        );
        var file = Path.Combine(_folder.Path, "damaged.safetensors");
        File.WriteAllBytes(
            file,
            damage switch
            {
                "empty" => [],
                "cut" => whole[..(whole.Length / 2)],
                "header" => Flip(whole, 100),
                _ => Flip(whole, whole.Length * 3 / 4),
            }
        );

        AssertRefused(await SampleAsync(file), "sample", "damaged.safetensors: ");

        static byte[] Flip(byte[] bytes, int position)
        {
            bytes[position] ^= 0x10;
            return bytes;
        }
    }

    private Task<LdmProcess.Outcome> TrainAsync(string name, params string[] more) =>
        LdmProcess.RunAsync(TinyRuns.Command(models.Folder, name, Path.Combine(_folder.Path, "run"), more));

    private Task<LdmProcess.Outcome> SampleAsync(string model, params string[] options) =>
        LdmProcess.RunAsync(["sample", model, "--out", Path.Combine(_folder.Path, "samples"), .. options]);

    private (string Folder, string Expected) WrongImages(string kind)
    {
        var folder = Path.Combine(_folder.Path, kind);
        if (kind == "missing")
        {
            return (folder, $"{folder}\" does not exist");
        }

        Directory.CreateDirectory(folder);
        switch (kind)
        {
            case "text":
                File.WriteAllText(Path.Combine(folder, "notes.png"), "Milk, eggs\n");
                return (folder, "notes.png\" is not a PNG, JPEG, WebP, GIF or BMP image");
            case "cut":
                TinyRuns.WriteImages(folder, ["."], count: 1, size: 40);
                var whole = File.ReadAllBytes(Path.Combine(folder, "0.png"));
                File.WriteAllBytes(Path.Combine(folder, "0.png"), whole[..(whole.Length / 2)]);
                return (folder, "0.png\" is cut short");
            default:
                return (folder, "holds no images");
        }
    }

    /// <summary>One line that says what is wrong, exit code 2, and nothing half-written.</summary>
    private void AssertRefused(LdmProcess.Outcome outcome, string verb, string expected)
    {
        var line = Assert.Single(outcome.Error.TrimEnd().Split('\n'));
        Assert.StartsWith($"ldm {verb}: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Empty(TinyRuns.HalfWritten(_folder.Path));
    }
}
