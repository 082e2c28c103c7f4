using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>One of the ways through an <see cref="InceptionBlock"/>, put together step by step.</summary>
/// <param name="channels">Channels of the block's input.</param>
internal sealed class InceptionBranch(int channels)
{
    private readonly List<Func<Tensor, Tensor>> _steps = [];

    /// <summary>Channels of the result.</summary>
    public int Channels { get; private set; } = channels;

    /// <summary>The convolutions by the names that they have within the block.</summary>
    public List<(string Key, nn.Module Part)> Parts { get; } = [];

    /// <summary>Appends a convolution with a square kernel; with stride 1 it keeps the size.</summary>
    public InceptionBranch Convolve(string key, int output, int kernel, int stride = 1) =>
        Append(Convolution(key, output, kernel, kernel, stride), output);

    /// <summary>Appends a convolution that keeps the size.</summary>
    public InceptionBranch Oblong(string key, int output, int height, int width) =>
        Append(Convolution(key, output, height, width, stride: 1), output);

    /// <summary>Appends a row and a column of 3 that both read the same map, their results side by side.</summary>
    public InceptionBranch Fork(string rowKey, string columnKey, int output)
    {
        var (row, column) = (
            Convolution(rowKey, output, height: 1, width: 3, stride: 1),
            Convolution(columnKey, output, height: 3, width: 1, stride: 1)
        );
        return Append(
            map =>
            {
                using var scope = NewDisposeScope();
                return cat([row(map), column(map)], 1).MoveToOuterDisposeScope();
            },
            2 * output
        );
    }

    /// <summary>
    /// Appends averages over 3x3 pixels. As in TensorFlow, what sticks out of the map does not count; torchvision counts zeros.
    /// </summary>
    public InceptionBranch AveragePool() => Append(AveragesWithin, Channels);

    /// <summary>Appends maxima over 3x3 pixels; with stride 1 they keep the size.</summary>
    public InceptionBranch MaxPool(int stride) => Append(map => Maxima(map, stride), Channels);

    /// <summary>Runs the steps.</summary>
    /// <param name="input">[B, C, H, W]; borrowed.</param>
    public Tensor Apply(Tensor input) => _steps.Aggregate(input.alias(), (map, step) => map.Then(step));

    /// <summary>Averages over 3x3 pixels of which those outside the map do not count.</summary>
    internal static Tensor AveragesWithin(Tensor map) =>
        nn.functional.avg_pool2d(map, [3, 3], [1, 1], [1, 1], ceil_mode: false, count_include_pad: false);

    /// <summary>Maxima over 3x3 pixels.</summary>
    internal static Tensor Maxima(Tensor map, int stride) =>
        nn.functional.max_pool2d(map, [3, 3], strides: [stride, stride], padding: stride == 1 ? [1, 1] : [0, 0]);

    private Func<Tensor, Tensor> Convolution(string key, int output, int height, int width, int stride)
    {
        var convolution = new InceptionConvolution(Channels, output, height, width, stride, keepsSize: stride == 1);
        Parts.Add((key, convolution));
        return convolution.forward;
    }

    private InceptionBranch Append(Func<Tensor, Tensor> step, int output)
    {
        _steps.Add(step);
        Channels = output;
        return this;
    }
}
