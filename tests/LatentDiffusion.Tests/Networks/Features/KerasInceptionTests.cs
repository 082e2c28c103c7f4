using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Features;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Networks.Features;

public sealed class KerasInceptionTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void It_loads_from_the_scripts_of_a_package()
    {
        using var noGradient = no_grad();
        var (path, tensors) = WritePackage();
        // As many numbers as nsfwjs has before its own classifier.
        Assert.Equal(
            22_360_869 - (2048 * 256 + 256 + 256 * 128 + 128 + 128 * 5 + 5),
            tensors.Values.Sum(t => t.numel())
        );

        using var network = Assert.IsType<KerasInceptionFeatures>(FeatureNetworkFile.Load(path));
        var images = FormulaInput.X([2, 3, 20, 24], 0.011).clamp(-1, 1);
        var embedding = network.Embed(images);

        Assert.Equal(("keras-inception", 2048), (network.Name, network.EmbeddingSize));
        Assert.Equal([2, 2048], embedding.shape);
        Assert.True(embedding.isfinite().all().item<bool>() && embedding.std().item<float>() > 0);
        AssertFirstLayer(tensors, network, images);
        // As keras.applications numbers them: 5 before the blocks, 3 of 7, one of 4, 4 of 10, one of 6, 2 of 9.
        AssertBranch(31, "Mixed_6a", "Mixed_6b", channel: 0, pools: false);
        AssertBranch(40, "Mixed_6a", "Mixed_6b", channel: 768 - 192, pools: true);
        AssertBranch(77, "Mixed_7a", "Mixed_7b", channel: 0, pools: false);
        // The last one averages too, where the network of FID takes maxima.
        AssertBranch(94, "Mixed_7b", "Mixed_7c", channel: 2048 - 192, pools: true);

        void AssertBranch(int number, string before, string block, int channel, bool pools)
        {
            var maps = network.MapsAfter(images, before, block);
            var map = pools ? Averages(maps[0]) : maps[0];
            var expected = Convolved(tensors, number, map, stride: 1);
            TensorAssert.Close(maps[1].narrow(1, channel, expected.shape[1]), expected, 1e-3);
        }
    }

    [Fact]
    public void An_incomplete_model_is_told()
    {
        var path = new ScriptPackage()
            .Add("conv2d_94/kernel", [1, 1, 2048, 192], new byte[2048 * 192], 0, 1)
            .Write(_folder["package"]);

        var error = Assert.Throws<UserInputException>(() => FeatureNetworkFile.Load(path));

        Assert.Contains("tensors of Keras's InceptionV3 are missing", error.Message, StringComparison.Ordinal);
    }

    // Random bytes under Keras's names, in steps with which maps neither die nor explode, and what they mean.
    private (string Path, Dictionary<string, Tensor> Tensors) WritePackage()
    {
        using var network = new KerasInceptionFeatures();
        var package = new ScriptPackage();
        Dictionary<string, Tensor> tensors = [];
        var random = new Random(7);
        var number = 0;
        foreach (
            var (_, weight) in ModuleState
                .Of(network)
                .Where(t => t.Key.EndsWith(".weight", StringComparison.Ordinal))
                .ToList()
        )
        {
            var shape = weight.shape;
            var deviation = Math.Sqrt(2.0 * shape[0] / weight.numel());
            number++;
            Add($"batch_normalization_{number}/beta", [shape[0]], -0.1, 0.1);
            Add($"batch_normalization_{number}/moving_mean", [shape[0]], -0.1, 0.1);
            Add($"batch_normalization_{number}/moving_variance", [shape[0]], 0.9, 1.1);
            Add(
                $"conv2d_{number}/kernel",
                [shape[2], shape[3], shape[1], shape[0]],
                -deviation * Math.Sqrt(3),
                deviation * Math.Sqrt(3)
            );
        }

        return (package.Write(_folder["package"], shards: 6), tensors);

        void Add(string name, long[] shape, double low, double high)
        {
            var steps = new byte[shape.Aggregate(1L, (product, size) => product * size)];
            random.NextBytes(steps);
            var scale = (high - low) / 255;
            package.Add(name, shape, steps, low, scale);
            tensors[name] = tensor(steps).to(float64).mul(scale).add(low).to(float32).reshape(shape);
        }
    }

    private static void AssertFirstLayer(
        Dictionary<string, Tensor> tensors,
        KerasInceptionFeatures network,
        Tensor images
    )
    {
        var resized = nn.functional.interpolate(
            images.add(1).div(2),
            [299, 299],
            mode: InterpolationMode.Bilinear,
            align_corners: true
        );

        var map = network.MapsAfter(images, "Conv2d_1a_3x3")[0];

        TensorAssert.Close(map, Convolved(tensors, 1, resized, stride: 2), 1e-4);
        // The corners of the image are the corners of the resized one.
        TensorAssert.Close(resized[.., .., 298, 298], images.add(1).div(2)[.., .., 19, 23], 1e-5);
    }

    // Over the pixels within the map: sums with zeros around it, over how many pixels went in.
    private static Tensor Averages(Tensor map) => WithZeros(map).div(WithZeros(ones_like(map)));

    private static Tensor WithZeros(Tensor map) => nn.functional.avg_pool2d(map, [3, 3], [1, 1], [1, 1]);

    private static Tensor Convolved(Dictionary<string, Tensor> tensors, int number, Tensor map, int stride) =>
        nn
            .functional.batch_norm(
                nn.functional.conv2d(
                    map,
                    tensors[$"conv2d_{number}/kernel"].permute(3, 2, 0, 1).contiguous(),
                    strides: [stride, stride]
                ),
                tensors[$"batch_normalization_{number}/moving_mean"],
                tensors[$"batch_normalization_{number}/moving_variance"],
                null,
                tensors[$"batch_normalization_{number}/beta"],
                training: false,
                eps: 1e-3
            )
            .relu();
}
