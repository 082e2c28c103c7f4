using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using static TorchSharp.torch;

namespace LatentDiffusion.Cli.Bench;

/// <summary>What measuring images costs beside the feature network itself.</summary>
internal static class EvaluationCases
{
    private const int Files = 512;
    private const int Images = 4 * Files;
    private const int Side = 64;
    private const int Batch = 64;

    /// <summary>Decodes PNG files and keeps their features; the network alone, on prepared tensors, sets the limit.</summary>
    public static BenchWork Features()
    {
        var folder = Directory.CreateTempSubdirectory("ldm-bench-").FullName;
        WriteImages(folder);
        using var classifier = new FeatureClassifier(
            new FeatureClassifierConfig(),
            [new ClassifierHeadConfig { Name = "classes", Classes = 10 }]
        );
        var network = new FeatureNetwork(classifier, "features");
        var dataset = new ImageDataset(
            ImageFolderSource.Open(folder),
            new ImageTransform(Side),
            seed: 0,
            cacheBytes: 0
        );
        var indices = Enumerable.Range(0, Images).Select(i => i % Files).ToList();
        var batch = ImageTensors.FromImages([.. indices.Take(Batch).Select(dataset.GetImage)]);
        return new BenchWork
        {
            Run = () => DatasetFeatures.Of(network, dataset, indices),
            Limit = () =>
            {
                using var inference = no_grad();
                for (var i = 0; i < Images / Batch; i++)
                {
                    using var scope = NewDisposeScope();
                    network.Read(batch);
                }
            },
            WeightBytes = network.parameters().Sum(p => p.numel() * p.element_size()),
            Yield = ("images", Images),
            Release = () =>
            {
                batch.Dispose();
                network.Dispose();
                Directory.Delete(folder, recursive: true);
            },
        };
    }

    // Smooth with some noise: files compress about as photographs do.
    private static void WriteImages(string folder)
    {
        var random = new Random(1);
        for (var i = 0; i < Files; i++)
        {
            var pixels = new byte[3 * Side * Side];
            for (var p = 0; p < pixels.Length; p++)
            {
                pixels[p] = (byte)(p / 3 % Side + p / (3 * Side) * i / Files + random.Next(4));
            }

            using var file = File.Create(Path.Combine(folder, $"{i:d4}.png"));
            PngEncoder.Write(new RgbImage(Side, Side, pixels), file);
        }
    }
}
