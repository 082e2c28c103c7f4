using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

/// <summary>Images of two classes, and configurations of models so small that a step takes milliseconds.</summary>
internal static class TinyRuns
{
    public const string Autoencoder = """
        kind: autoencoder
        data: {kind: image_folder, path: images, size: 16, flip_probability: 0.5}
        model:
          kind: kl
          embed_dim: 2
          network: {channels: 32, channel_mult: [1, 1], num_res_blocks: 1, z_channels: 2, attention: none}
        optimizer: {learning_rate: 1.0e-3}
        training: {batch_size: 4, steps: 200, log_every: 1, sample_every: 0, checkpoint_every: 5}
        """;

    public const string LatentDiffusion = """
        kind: latent_diffusion
        first_stage: autoencoder
        data: {kind: image_folder, path: images, size: 16, flip_probability: 0.5}
        unet:
          {in_channels: 2, out_channels: 2, model_channels: 32, channel_mult: [1, 1], num_res_blocks: 1, num_heads: 1}
        conditioner: {kind: class_label}
        optimizer: {learning_rate: 1.0e-3, weight_decay: 0.01}
        samples: {per_class: 1, steps: 2}
        training: {batch_size: 4, steps: 200, log_every: 1, sample_every: 0, checkpoint_every: 5}
        """;

    /// <summary>Writes the images and autoencoder.yaml and latent-diffusion.yaml.</summary>
    public static void Prepare(string folder)
    {
        WriteImages(Path.Combine(folder, "images"), ["cat", "dog"], count: 24, size: 20);
        File.WriteAllText(Path.Combine(folder, "autoencoder.yaml"), Autoencoder);
        File.WriteAllText(Path.Combine(folder, "latent-diffusion.yaml"), LatentDiffusion);
    }

    /// <summary>Writes images into sub-folders named by class.</summary>
    public static void WriteImages(string folder, string[] classes, int count, int size)
    {
        for (var i = 0; i < count; i++)
        {
            var target = Directory.CreateDirectory(Path.Combine(folder, classes[i % classes.Length])).FullName;
            using var file = File.Create(Path.Combine(target, $"{i}.png"));
            PngEncoder.Write(TestImages.Pattern(size + i, size + i % 7), file);
        }
    }

    /// <summary>Trains one of the configurations into a run folder beside it.</summary>
    public static async Task TrainAsync(string folder, string name, int steps)
    {
        var outcome = await LdmProcess.RunAsync(Command(folder, name, name, $"training.steps={steps}"));
        Assert.True(outcome.ExitCode == 0, outcome.Error);
    }

    /// <summary>The command line that trains a configuration of <paramref name="folder"/> into one of its folders.</summary>
    public static string[] Command(string folder, string name, string run, params string[] more) =>
        [
            "train",
            Path.Combine(folder, $"{name}.yaml"),
            "--run",
            Path.Combine(folder, run),
            "--threads",
            "1",
            "--quiet",
            .. more,
        ];

    /// <summary>Files and folders that an interrupted write would leave.</summary>
    public static IEnumerable<string> HalfWritten(string folder) =>
        Directory.EnumerateFileSystemEntries(
            folder,
            ".tmp-*",
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }
        );
}
