using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using LatentDiffusion.Pipelines;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class SampleMeasuresTests
{
    private static readonly RgbImage[] Greys = [.. Enumerable.Range(0, 12).Select(i => Grey(20 * i, size: 8 + i % 2))];

    [Fact]
    public void Features_do_not_depend_on_how_images_come()
    {
        var (whole, parts) = (Embed(Greys), new ImageFeatures(new ColourFeatures()));
        List<int> told = [];
        foreach (var part in Greys.Chunk(5))
        {
            parts.Add(part, told.Add);
        }

        using var first = whole.ToTensor();
        using var second = parts.ToTensor();
        Assert.Equal([12, 3], first.shape);
        Assert.Equal(first.data<double>().ToArray(), second.data<double>().ToArray());
        Assert.Equal(12, told[^1]);
    }

    [Fact]
    public void A_set_is_as_near_to_itself_as_can_be_and_brighter_samples_are_not()
    {
        var real = Embed(Greys);
        var same = SampleMeasures.Between(real, real, seed: 0);
        var brighter = SampleMeasures.Between(real, Embed([.. Greys.Select(g => Grey(255, g.Width))]), seed: 0);

        Assert.InRange(same.Frechet, 0, 1e-6);
        Assert.Equal(new PrecisionRecall(1, 1), same.Manifolds);
        // Means of three equal channels, 110 / 127.5 - 1 and 1, and the variance that all samples lack.
        var variance = 3 * 400 * 143.0 / 12 * 12 / 11 / (127.5 * 127.5);
        Assert.Equal(3 * Math.Pow(145 / 127.5, 2) + variance, brighter.Frechet, 1e-3);
        Assert.True(brighter.Kernel.Mean > same.Kernel.Mean);
        // The brightest grey has its third neighbour 60 levels away and white 35; the samples have no extent.
        Assert.Equal(new PrecisionRecall(Precision: 1, Recall: 0), brighter.Manifolds);
    }

    private static ImageFeatures Embed(IEnumerable<RgbImage> images)
    {
        var features = new ImageFeatures(new ColourFeatures());
        features.Add(images);
        return features;
    }

    private static RgbImage Grey(int level, int size) =>
        RgbImage.Filled(size, size, new Rgb((byte)level, (byte)level, (byte)level));
}
