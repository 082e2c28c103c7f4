using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class FeatureCacheTests : IDisposable
{
    private const int Size = 8;
    private static readonly int[] All = [0, 1, 2, 3, 4];
    private readonly TemporaryFolder _folder = new();
    private readonly FeatureNetwork _network = Create(seed: 1);

    private FeatureCache Cache => new(_folder["cache"]);

    public void Dispose()
    {
        _network.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_was_kept_measures_the_same_to_the_last_bit()
    {
        var dataset = Images(level: 0);
        var features = DatasetFeatures.Of(_network, dataset, All);
        var key = FeatureCache.KeyOf(_network, dataset, All)!;
        Assert.Null(Cache.Find(key, _network, All.Length));

        Assert.True(Cache.Keep(key, features));
        var found = Cache.Find(key, _network, All.Length)!;

        using var scope = torch.NewDisposeScope();
        Assert.Equal(Values(features.ToTensor()), Values(found.ToTensor()));
        Assert.Equal(Values(features.ToLogits()!.to(torch.float64)), Values(found.ToLogits()!.to(torch.float64)));
        Assert.Equal((All.Length, All.Length), (found.Count, found.KeptCount));
        Assert.Equal(features.ToMoments().Mean, found.ToMoments().Mean);
        Assert.Equal(features.ToMoments().Covariance, found.ToMoments().Covariance);
        Assert.Equal(features.ToSpatialMoments()!.Mean, found.ToSpatialMoments()!.Mean);
        Assert.Equal(features.ToSpatialMoments()!.Covariance, found.ToSpatialMoments()!.Covariance);
        var others = DatasetFeatures.Of(_network, Images(level: 9), All);
        Assert.Equal(SampleMeasures.Between(features, others, seed: 1), SampleMeasures.Between(found, others, seed: 1));
    }

    [Fact]
    public void Damaged_entries_are_not_there_and_are_written_over()
    {
        var dataset = Images(level: 0);
        var features = DatasetFeatures.Of(_network, dataset, All);
        var key = FeatureCache.KeyOf(_network, dataset, All)!;
        Cache.Keep(key, features);
        var file = Assert.Single(Directory.GetFiles(_folder["cache"]));
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);

        Assert.Null(Cache.Find(key, _network, All.Length));
        Assert.True(Cache.Keep(key, features));
        Assert.NotNull(Cache.Find(key, _network, All.Length));
        File.WriteAllText(file, "");
        Assert.Null(Cache.Find(key, _network, All.Length));
    }

    [Fact]
    public void Everything_that_features_depend_on_changes_the_key()
    {
        using var other = Create(seed: 2);
        var keys = new[]
        {
            FeatureCache.KeyOf(_network, Images(level: 0), All),
            FeatureCache.KeyOf(_network, Images(level: 1), All),
            FeatureCache.KeyOf(_network, Images(level: 0), [0, 1, 2, 3]),
            FeatureCache.KeyOf(_network, Images(level: 0), [1, 0, 2, 3, 4]),
            FeatureCache.KeyOf(_network, Images(level: 0, size: 9), All),
            FeatureCache.KeyOf(_network, Images(level: 0, mode: ResizeMode.Stretch), All),
            FeatureCache.KeyOf(other, Images(level: 0), All),
        };

        Assert.All(keys, key => Assert.NotNull(key));
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(keys[0], FeatureCache.KeyOf(_network, Images(level: 0), All));
        Assert.Null(FeatureCache.KeyOf(new ColourFeatures(), Images(level: 0), All));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_no_failure()
    {
        File.WriteAllText(_folder["file"], "");
        var features = DatasetFeatures.Of(_network, Images(level: 0), All);

        Assert.False(new FeatureCache(Path.Combine(_folder["file"], "below")).Keep("0", features));
    }

    private static double[] Values(torch.Tensor tensor) => tensor.data<double>().ToArray();

    private static ImageDataset Images(int level, int size = Size, ResizeMode mode = ResizeMode.ShortSide) =>
        new(new Colours(level), new ImageTransform(size) { Resize = mode }, seed: 0, cacheBytes: 0);

    private static FeatureNetwork Create(int seed)
    {
        using var scope = torch.NewDisposeScope();
        torch.random.manual_seed(seed);
        using var classifier = new FeatureClassifier(
            new FeatureClassifierConfig { Channels = [16, 32], Convolutions = 1 },
            [new ClassifierHeadConfig { Name = "things", Classes = 4 }]
        );
        return new FeatureNetwork(classifier, "test");
    }

    private sealed class Colours(int level) : IImageSource
    {
        public int Count => All.Length;

        public IReadOnlyList<string> ClassNames => [];

        public ImageRecord Describe(int index) => new($"image {index}", null, null, null);

        public byte[] Read(int index) =>
            PngEncoder.Encode(
                RgbImage.Filled(Size + index, Size, new Rgb((byte)(40 * index), (byte)level, (byte)(level * index)))
            );
    }
}
