using System.Globalization;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>A step of a <see cref="FeatureSlice"/>.</summary>
/// <param name="Key">Its number in torchvision's list of layers, which names its weights; null: it has none.</param>
/// <param name="Part">What holds the weights.</param>
/// <param name="Channels">Channels of its result; 0: as many as come in.</param>
/// <param name="Apply">Computes the result.</param>
internal sealed record SliceStep(string? Key, nn.Module? Part, int Channels, Func<Tensor, Tensor> Apply)
{
    /// <summary>A convolution with a ReLU behind it.</summary>
    public static SliceStep Convolution(int key, int input, int output, int kernel, int stride = 1, int padding = 0)
    {
        var layer = new ConvolutionLayer(input, output, kernel, stride, padding);
        return new SliceStep(Text(key), layer, output, x => layer.forward(x).Then(ReluOver));
    }

    /// <summary>The largest value of every window; <paramref name="ceiling"/>: windows may stick out at the far end.</summary>
    public static SliceStep MaxPool(int kernel, bool ceiling = false) =>
        new(null, null, 0, x => nn.functional.max_pool2d(x, [kernel, kernel], strides: [2, 2], ceil_mode: ceiling));

    /// <summary>SqueezeNet's block.</summary>
    public static SliceStep Fire(int key, int input, int squeezed, int expanded)
    {
        var block = new FireBlock(input, squeezed, expanded);
        return new SliceStep(Text(key), block, 2 * expanded, block.forward);
    }

    /// <summary>ReLU, in the place of <paramref name="x"/> where gradients allow it.</summary>
    /// <param name="x">Not to be read afterwards.</param>
    public static Tensor ReluOver(Tensor x)
    {
        if (Gradients.Needed(x))
        {
            return x.relu();
        }

        x.relu_();
        return x.alias();
    }

    private static string Text(int key) => key.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Layers of a trained network from one map that is compared to the next.</summary>
internal sealed class FeatureSlice : ExplicitModule<Tensor, Tensor>
{
    private readonly SliceStep[] _steps;

    public FeatureSlice(params SliceStep[] steps)
        : base(nameof(FeatureSlice))
    {
        _steps = steps;
        Channels = steps[^1].Channels;
        foreach (var step in steps)
        {
            if (step is { Key: { } key, Part: { } part })
            {
                register_module(key, part);
            }
        }
    }

    /// <summary>Channels of the result.</summary>
    public int Channels { get; }

    /// <param name="input">[B, C, H, W].</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return _steps
            .Skip(1)
            .Aggregate(_steps[0].Apply(input), (map, step) => map.Then(step.Apply))
            .MoveToOuterDisposeScope();
    }
}
