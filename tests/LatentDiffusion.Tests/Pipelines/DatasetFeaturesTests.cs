using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class DatasetFeaturesTests
{
    // More than are read at once.
    private const int Count = 150;

    [Fact]
    public void Images_are_measured_in_the_order_that_is_asked_for()
    {
        using var network = new ColourFeatures();
        using var scope = torch.NewDisposeScope();
        int[] indices = [.. Enumerable.Range(0, Count).Reverse()];

        var features = DatasetFeatures.Of(network, Images(broken: -1), indices);

        Assert.Equal(Count, features.Count);
        var reds = features.ToTensor()[.., 0].data<double>().ToArray();
        Assert.Equal(reds.OrderDescending(), reds);
        Assert.Equal(Count, reds.Distinct().Count());
    }

    [Fact]
    public void An_image_that_cannot_be_read_is_named()
    {
        using var network = new ColourFeatures();

        var error = Assert.ThrowsAny<UserInputException>(() =>
            DatasetFeatures.Of(network, Images(broken: 77), [.. Enumerable.Range(0, Count)])
        );

        Assert.Contains("image 77", error.Message, StringComparison.Ordinal);
    }

    private static ImageDataset Images(int broken) =>
        new(new Reds(broken), new ImageTransform(8), seed: 0, cacheBytes: 0);

    private sealed class Reds(int broken) : IImageSource
    {
        int IImageSource.Count => Count;

        public IReadOnlyList<string> ClassNames => [];

        public ImageRecord Describe(int index) => new($"image {index}", null, null, null);

        public byte[] Read(int index) =>
            index == broken ? [1, 2, 3] : PngEncoder.Encode(RgbImage.Filled(8, 8, new Rgb((byte)index, 0, 0)));
    }
}
