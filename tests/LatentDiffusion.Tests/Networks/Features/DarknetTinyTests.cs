using System.IO.Compression;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models.Features;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks.Features;

public sealed class DarknetTinyTests
{
    private const int Every = 10;

    // 64.9 % of all 1,000 photographs were right in the program that the weights come from.
    [Fact]
    public void Published_weights_tell_photographs_apart()
    {
        var weights = SharedData.PathOf("weights/darknet_tiny_imagenet.safetensors");
        var classes = File.ReadAllLines(SharedData.PathOf("weights/darknet_wnids.txt"));
        using var photographs = ZipFile.OpenRead(SharedData.PathOf("imagenet1k_256.zip"));
        using var network = (DarknetTinyFeatures)FeatureNetworkFile.Load(weights);

        var chosen = photographs.Entries.Where((_, i) => i % Every == 0).ToList();
        var right = chosen.Count(entry => Classify(network, entry, classes) == entry.Name.Split('_')[0]);

        TestContext.Current.TestOutputHelper?.WriteLine($"{right} of {chosen.Count} photographs are right.");
        Assert.True(right > 0.5 * chosen.Count, $"{right} of {chosen.Count} photographs are right.");
    }

    private static string Classify(DarknetTinyFeatures network, ZipArchiveEntry entry, string[] classes)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var stream = entry.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        var image = ImageTensors.FromImage(ImageDecoder.Decode(bytes.ToArray(), entry.Name));
        return classes[network.Classify(image).argmax(1).item<long>()];
    }
}
