using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Features;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Networks.Features;

public sealed class InceptionFeaturesTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder["pt_inception.safetensors"];

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void It_loads_under_the_published_names_and_reads_all_features_in_one_pass()
    {
        using var noGradient = no_grad();
        var tensors = PublishedInception.RandomTensors(seed: 11);
        // As many numbers as the published file has in its 94 convolutions, their normalisation and the classifier.
        Assert.Equal(4 * 94 + 94 + 2, tensors.Count);
        Assert.Equal(23_885_392, tensors.Values.Sum(t => t.numel()));
        SafetensorsWriter.Write(FilePath, tensors);

        using var network = Assert.IsType<InceptionFeatures>(FeatureNetworkFile.Load(FilePath));
        var images = FormulaInput.X([2, 3, 20, 24], 0.011).clamp(-1, 1);
        var reading = network.Read(images);

        Assert.Equal(("inception", 2048, 2023), (network.Name, network.EmbeddingSize, network.SpatialSize));
        Assert.Equal([2, 2048], reading.Embedding.shape);
        Assert.Equal([2, 7 * 17 * 17], reading.Spatial!.shape);
        Assert.Equal([2, 1008], reading.Logits!.shape);
        Assert.True(reading.Embedding.isfinite().all().item<bool>() && reading.Embedding.std().item<float>() > 0);
        TensorAssert.Close(reading.Logits, reading.Embedding.mm(tensors["fc.weight"].t()), 1e-4);
        TensorAssert.Close(network.Embed(images), reading.Embedding, 1e-5);
        TensorAssert.Close(Spatial(tensors, network, images), reading.Spatial, 1e-3);
        AssertFirstLayer(tensors, network);
    }

    [Fact]
    public void Every_map_is_that_of_the_published_network()
    {
        using var noGradient = no_grad();
        var tensors = PublishedInception.RandomTensors(seed: 12);
        SafetensorsWriter.Write(FilePath, tensors);
        using var network = Assert.IsType<InceptionFeatures>(FeatureNetworkFile.Load(FilePath));
        // Of the network's own size, at which resizing changes nothing.
        var bytes = arange(0, 3 * 299 * 299, 1, float32).remainder(251).reshape(1, 3, 299, 299);
        var expected = new PlainInception(tensors).Maps(bytes.sub(128).div(128));
        var images = bytes.div(127.5).sub(1);

        var maps = network.MapsAfter(images, [.. PlainInception.Layers]);
        var reading = network.Read(images);

        Assert.Equal(PlainInception.Layers.Count, maps.Count);
        foreach (var (layer, map) in PlainInception.Layers.Zip(maps))
        {
            TensorAssert.Close(map, expected[layer], 2e-4);
        }

        var embedding = expected["Mixed_7c"].mean([2L, 3L]);
        TensorAssert.Close(reading.Embedding, embedding, 2e-4);
        TensorAssert.Close(reading.Spatial!, expected["Mixed_6d"].narrow(1, 0, 7).flatten(1), 2e-4);
        TensorAssert.Close(reading.Logits!, embedding.mm(tensors["fc.weight"].to(float64).t()), 2e-4);
    }

    [Fact]
    public void Torchvisions_network_of_the_same_names_is_refused_in_one_line()
    {
        SafetensorsWriter.Write(
            FilePath,
            new Dictionary<string, Tensor>
            {
                ["Conv2d_1a_3x3.conv.weight"] = zeros(32, 3, 3, 3),
                ["fc.weight"] = zeros(1000, 2048),
            }
        );

        var error = Assert.Throws<UserInputException>(() => FeatureNetworkFile.Load(FilePath));

        Assert.Contains("torchvision", error.Message, StringComparison.Ordinal);
        Assert.Contains("1008", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void An_incomplete_copy_is_told()
    {
        SafetensorsWriter.Write(
            FilePath,
            new Dictionary<string, Tensor> { ["Conv2d_1a_3x3.conv.weight"] = zeros(32, 3, 3, 3) }
        );

        var error = Assert.Throws<UserInputException>(() => FeatureNetworkFile.Load(FilePath));

        Assert.Contains("missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Averages_count_no_pixels_outside_of_the_map()
    {
        var map = arange(0, 12, 1, float32).reshape(1, 1, 3, 4);

        var pooled = InceptionBranch.AveragesWithin(map);

        // Pixels 0, 1, 4, 5 in the corner; 0, 1, 2, 4, 5, 6 at the edge; nine in the middle.
        Assert.Equal([2.5f, 3], [pooled[0, 0, 0, 0].item<float>(), pooled[0, 0, 0, 1].item<float>()]);
        Assert.Equal(5, pooled[0, 0, 1, 1].item<float>());
        Assert.Equal([1, 1, 3, 4], pooled.shape);
        Assert.Equal(8.5f, pooled[0, 0, 2, 3].item<float>());
    }

    [Fact]
    public void Maxima_keep_the_size_or_halve_it()
    {
        var map = arange(0, 25, 1, float32).reshape(1, 1, 5, 5).neg();

        // Not 0, which is outside of the map.
        Assert.Equal(-18, InceptionBranch.Maxima(map, stride: 1)[0, 0, 4, 4].item<float>());
        Assert.Equal([0f, -2, -10, -12], InceptionBranch.Maxima(map, stride: 2).data<float>().ToArray());
    }

    // branch1x1 of Mixed_6d with its normalisation apart, on the map that all layers before it make.
    private static Tensor Spatial(Dictionary<string, Tensor> tensors, InceptionFeatures network, Tensor images)
    {
        var map = network.MapsAfter(images, "Mixed_6c")[0];
        const string Branch = "Mixed_6d.branch1x1";
        return Normalized(tensors, Branch, nn.functional.conv2d(map, tensors[$"{Branch}.conv.weight"]))
            .narrow(1, 0, 7)
            .reshape(images.shape[0], -1);
    }

    // 8 bits v are seen as (v - 128) / 128; corners of the first map see the upper left 3x3 pixels of the resized image.
    private static void AssertFirstLayer(Dictionary<string, Tensor> tensors, InceptionFeatures network)
    {
        var bytes = arange(0, 3 * 299 * 299, 1, float32).remainder(251).reshape(1, 3, 299, 299);
        var expected = Normalized(
            tensors,
            "Conv2d_1a_3x3",
            nn.functional.conv2d(bytes.sub(128).div(128), tensors["Conv2d_1a_3x3.conv.weight"], strides: [2, 2])
        );

        TensorAssert.Close(network.MapsAfter(bytes.div(127.5).sub(1), "Conv2d_1a_3x3")[0], expected, 1e-4);
    }

    private static Tensor Normalized(Dictionary<string, Tensor> tensors, string layer, Tensor map) =>
        nn
            .functional.batch_norm(
                map,
                tensors[$"{layer}.bn.running_mean"],
                tensors[$"{layer}.bn.running_var"],
                tensors[$"{layer}.bn.weight"],
                tensors[$"{layer}.bn.bias"],
                training: false,
                eps: 1e-3
            )
            .relu();
}
