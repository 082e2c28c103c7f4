using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tests.Kernels;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Networks;

[Collection(nameof(ProcessWideState))]
public sealed class ConvolutionLayerTests
{
    public static MatrixTheoryData<KernelKind, (int Input, int Output)> Cases =>
        new(KernelKinds.WithPlain, [(32, 3), (4, 64), (3, 3), (40, 40), (64, 24), (32, 32)]);

    // libtorch's own NCHW convolution gives something else for most of these, depending on what memory held before.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_and_gradients_do_not_depend_on_what_memory_held(
        KernelKind kind,
        (int Input, int Output) channels
    )
    {
        using var scope = NewDisposeScope();
        using var choice = KernelChoice.Use(kind);
        random.manual_seed(3);
        using var layer = Layer.Convolution3x3(channels.Input, channels.Output);
        var x = randn(4, channels.Input, 8, 8);
        var slope = randn(4, channels.Output, 8, 8);
        using var exact = Layer.Convolution3x3(channels.Input, channels.Output);
        exact.load_state_dict(layer.state_dict());
        exact.to(float64);
        var expected = Evaluate(exact, x.to(float64), slope.to(float64));

        for (var i = 0; i < 5; i++)
        {
            // Memory that is free again afterwards.
            full(1 << 18, float.NaN).Dispose();
            var actual = Evaluate(layer, x, slope);
            foreach (var (a, e) in actual.Zip(expected))
            {
                TensorAssert.Close(a, e, 5e-5);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Enlarging_on_the_way_equals_enlarging_first(KernelKind kind, (int Input, int Output) channels)
    {
        using var scope = NewDisposeScope();
        using var choice = KernelChoice.Use(kind);
        using var noGradient = no_grad();
        random.manual_seed(4);
        using var layer = Layer.Convolution3x3(channels.Input, channels.Output);
        foreach (var (height, width) in new[] { (1, 1), (2, 3), (7, 5), (16, 16) })
        {
            var x = randn(2, channels.Input, height, width);
            TensorAssert.Close(layer.ForwardEnlarged(x), layer.forward(Layer.UpsampleNearest(x)), 5e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Adding_to_a_map_equals_adding_afterwards(KernelKind kind, (int Input, int Output) channels)
    {
        using var scope = NewDisposeScope();
        using var choice = KernelChoice.Use(kind);
        using var noGradient = no_grad();
        random.manual_seed(5);
        using var layer = Layer.Convolution3x3(channels.Input, channels.Output);
        foreach (var side in new[] { 2, 9 })
        {
            var x = randn(2, channels.Input, side, side);
            var sum = randn(2, channels.Output, side, side);
            var expected = layer.forward(x).add(sum);
            TensorAssert.Close(layer.AddTo(x, sum), expected, 5e-5);
        }
    }

    private static Tensor[] Evaluate(ConvolutionLayer layer, Tensor x, Tensor slope)
    {
        var leaf = x.detach().clone().requires_grad_(true);
        layer.zero_grad();
        var result = layer.forward(leaf);
        result.backward([slope]);
        return [result.detach(), leaf.grad!, layer.Weight.grad!.clone()];
    }
}
