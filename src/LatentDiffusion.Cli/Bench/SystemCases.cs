using System.Diagnostics;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Cli.Processes;
using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;
using static TorchSharp.torch;

namespace LatentDiffusion.Cli.Bench;

/// <summary>What surrounds the networks: images in, weights in and out, the program's start.</summary>
internal static class SystemCases
{
    private const int LoaderImages = 256;
    private const int LoaderBatch = 32;

    /// <summary>Decodes, crops and resizes PNG files to 64x64 as training does, without its cache.</summary>
    public static BenchWork Loader()
    {
        var folder = TemporaryFolder();
        for (var i = 0; i < LoaderImages; i++)
        {
            var pixels = new byte[3 * 128 * 128];
            for (var p = 0; p < pixels.Length; p++)
            {
                pixels[p] = (byte)(p / 3 % 128 + p / (3 * 128) * i / 16);
            }

            using var file = File.Create(Path.Combine(folder, $"{i:d3}.png"));
            PngEncoder.Write(new RgbImage(128, 128, pixels), file);
        }

        var dataset = new ImageDataset(ImageFolderSource.Open(folder), new ImageTransform(64), seed: 1, cacheBytes: 0);
        var loader = new BatchLoader(dataset, LoaderBatch);
        return new BenchWork
        {
            Run = () =>
            {
                for (var i = 0; i < LoaderImages / LoaderBatch; i++)
                {
                    loader.Next();
                }
            },
            Yield = ("images", LoaderImages),
            Release = () =>
            {
                loader.Dispose();
                Directory.Delete(folder, recursive: true);
            },
        };
    }

    public static BenchWork SaveCheckpoint()
    {
        var folder = TemporaryFolder();
        var unet = new Unet(ModelCases.SmallUnet);
        var bytes = unet.parameters().Sum(p => p.numel() * p.element_size());
        return new BenchWork
        {
            Run = () => SafetensorsWriter.Write(Path.Combine(folder, "unet.safetensors"), ModuleState.Of(unet), null),
            WeightBytes = bytes,
            Yield = ("MB", bytes / 1e6),
            Release = () =>
            {
                unet.Dispose();
                Directory.Delete(folder, recursive: true);
            },
        };
    }

    public static BenchWork LoadCheckpoint()
    {
        var save = SaveCheckpoint();
        var folder = TemporaryFolder();
        var unet = new Unet(ModelCases.SmallUnet);
        var path = Path.Combine(folder, "unet.safetensors");
        SafetensorsWriter.Write(path, ModuleState.Of(unet), null);
        save.Dispose();
        return new BenchWork
        {
            Run = () =>
            {
                using var noGradient = no_grad();
                using var file = SafetensorsFile.Open(path);
                ModuleState.Load(file, ModuleState.Of(unet), _ => true);
            },
            WeightBytes = save.WeightBytes,
            Yield = save.Yield,
            Release = () =>
            {
                unet.Dispose();
                Directory.Delete(folder, recursive: true);
            },
        };
    }

    /// <summary>From the start of the process to the help text on the terminal.</summary>
    public static BenchWork Help() => new() { Run = () => Start("--help") };

    /// <summary>From the start of the process to the first image of a small model on the disk.</summary>
    public static BenchWork FirstSample()
    {
        var folder = TemporaryFolder();
        using var scope = NewDisposeScope();
        var config = new LatentDiffusionModelConfig
        {
            FirstStage = new KlConfig { EmbedDim = 4, Network = ModelCases.SmallAutoencoder },
            ImageSize = 64,
            Unet = ModelCases.SmallUnet with { UseSpatialTransformer = false, ContextDim = null },
        };
        using var model = new LatentDiffusionModel(config);
        var path = Path.Combine(folder, ModelFile.FileName);
        ModelFile.Write(path, config, ModelTensors.Of(model, null), "", 0);
        return new BenchWork
        {
            Run = () =>
                Start(
                    "sample",
                    path,
                    "--count",
                    "1",
                    "--steps",
                    "10",
                    "--seed",
                    "1",
                    "--out",
                    Path.Combine(folder, "samples")
                ),
            Yield = ("images", 1),
            Release = () => Directory.Delete(folder, recursive: true),
        };
    }

    private static string TemporaryFolder() => Directory.CreateTempSubdirectory("ldm-bench-").FullName;

    private static void Start(params string[] arguments)
    {
        using var process = Process.Start(ThisProgram.StartInfo(arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Task.WaitAll(output, errors);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'ldm {string.Join(' ', arguments)}' failed: {errors.Result.Trim()}");
        }
    }
}
