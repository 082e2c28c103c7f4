using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Obedience;
using LatentDiffusion.Tests.Support;
using TorchSharp;
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
        Assert.True(brighter.Kernel.StandardError > 0);
        Assert.Null(brighter.Kernel.Deviation);
        // The brightest grey has its third neighbour 60 levels away and white 35; the samples have no extent.
        Assert.Equal(new PrecisionRecall(Precision: 1, Recall: 0), brighter.Manifolds);
    }

    [Fact]
    public void Precision_and_the_like_are_of_evenly_spaced_images_where_there_are_many()
    {
        RgbImage[] samples = [.. new[] { 0, 25, 50, 75, 100, 125, 150, 175, 200, 255 }.Select(v => Grey(v, size: 8))];
        var (ofReal, ofSamples) = (Embed(Greys), Embed(samples));

        var all = SampleMeasures.Between(ofReal, ofSamples, seed: 0);
        var some = SampleMeasures.Between(ofReal, ofSamples, seed: 0, mostInManifolds: 6);

        // Every second of 12, and 6 of 10.
        var chosen = SampleMeasures.Between(
            Embed(new[] { 0, 2, 4, 6, 8, 10 }.Select(i => Greys[i])),
            Embed(new[] { 0, 1, 3, 5, 6, 8 }.Select(i => samples[i])),
            seed: 0
        );
        Assert.Equal((12, 10), (all.RealInManifolds, all.SamplesInManifolds));
        Assert.Equal((6, 6), (some.RealInManifolds, some.SamplesInManifolds));
        Assert.Equal(chosen.Manifolds, some.Manifolds);
        Assert.Equal(chosen.Density, some.Density);
        Assert.NotEqual(all.Density, some.Density);
        Assert.Equal((all.Frechet, all.Kernel), (some.Frechet, some.Kernel));
        Assert.Equal(10_000, SampleMeasures.MostInManifolds);
    }

    [Fact]
    public void Of_many_images_the_moments_are_of_all_and_the_vectors_of_some()
    {
        using var scope = torch.NewDisposeScope();
        var network = new PlacedFeatures();
        var (whole, thinned) = (new ImageFeatures(network), new ImageFeatures(network, expected: 12, mostKept: 5));
        whole.Add(Greys);

        foreach (var part in Greys.Chunk(7))
        {
            thinned.Add(part);
        }

        var kept = EvenlySpaced.Indices(12, 5);
        Assert.Equal((12, 5), (thinned.Count, thinned.KeptCount));
        Assert.Equal(RowsOf(whole.ToTensor(), kept), TensorAssert.Values(thinned.ToTensor()));
        Assert.Equal(RowsOf(whole.ToLogits()!, kept), TensorAssert.Values(thinned.ToLogits()!));
        Assert.Equal(whole.ToMoments().Mean, thinned.ToMoments().Mean);
        Assert.Equal(whole.ToMoments().Covariance, thinned.ToMoments().Covariance);
        Assert.Equal(whole.ToSpatialMoments()!.Covariance, thinned.ToSpatialMoments()!.Covariance);
        var measures = SampleMeasures.Between(whole, thinned, seed: 0);
        Assert.InRange(measures.Frechet, 0, 1e-6);
        Assert.Equal((12, 5), (measures.RealInManifolds, measures.SamplesInManifolds));
        Assert.Throws<UserInputException>(() => NearestClass.Distances(whole, thinned));
    }

    [Fact]
    public void Spatial_features_and_classes_are_measured_where_a_network_has_them_in_one_pass()
    {
        var network = new PlacedFeatures();
        var (real, samples) = (new ImageFeatures(network), new ImageFeatures(network));
        real.Add(Greys);
        samples.Add(Greys.Reverse());

        // More vectors than are kept at a time.
        var many = new ImageFeatures(network);
        many.Add(Enumerable.Repeat(Greys, 120).SelectMany(greys => greys));
        var measures = SampleMeasures.Between(real, samples, seed: 0);
        var moments = many.ToSpatialMoments()!;

        Assert.InRange(measures.SpatialFrechet!.Value, 0, 1e-6);
        Assert.InRange(measures.InceptionScore!.Mean, 1, 2);
        Assert.Equal(1440, moments.Count);
        Assert.Equal(real.ToSpatialMoments()!.Mean[0], moments.Mean[0], 1e-6);
        Assert.Equal(real.ToSpatialMoments()!.Covariance[0] * 11 / 12, moments.Covariance[0] * 1439 / 1440, 1e-6);
        Assert.True(network.Passes >= 24, "neighbours of unequal size are apart");
        var without = SampleMeasures.Between(Embed(Greys), Embed(Greys), seed: 0);
        Assert.Null(without.SpatialFrechet);
        Assert.Null(without.InceptionScore);
    }

    private static double[] RowsOf(torch.Tensor rows, IReadOnlyList<int> chosen) =>
        [.. chosen.SelectMany(i => TensorAssert.Values(rows[i, ..]))];

    private static ImageFeatures Embed(IEnumerable<RgbImage> images)
    {
        var features = new ImageFeatures(new ColourFeatures());
        features.Add(images);
        return features;
    }

    private static RgbImage Grey(int level, int size) =>
        RgbImage.Filled(size, size, new Rgb((byte)level, (byte)level, (byte)level));

    /// <summary>The upper left pixel as spatial features, two classes by brightness.</summary>
    private sealed class PlacedFeatures : ISpatialFeatures, IClassProbabilities
    {
        public int Passes { get; private set; }

        public string Name => "placed";

        public IReadOnlyList<int> StageChannels => [3];

        public int EmbeddingSize => 3;

        public int SpatialSize => 3;

        public int ClassCount => 2;

        public int? InputSize => 256;

        public IReadOnlyList<torch.Tensor> Stages(torch.Tensor images) => [images.alias()];

        public torch.Tensor Embed(torch.Tensor images) => throw new InvalidOperationException("a second pass");

        public FeatureReading Read(torch.Tensor images)
        {
            Passes++;
            Assert.True(images.shape[0] <= 8, "memory is that of the network's own size");
            var embedding = images.mean([2, 3]);
            return new FeatureReading(
                embedding,
                images[.., .., 0, 0],
                embedding[.., ..2] * torch.tensor(new[] { 3f, -3 })
            );
        }

        public void Dispose() { }
    }
}
