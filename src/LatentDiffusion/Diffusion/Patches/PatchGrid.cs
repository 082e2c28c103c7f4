using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Patches;

/// <summary>
/// The patches of a map and their weights, by the reference's rule: a pixel weighs as much as it is far from its patch's border,
/// as a share of the patch. Other than in the reference patches may be rectangular, and every pixel is covered: where the
/// stride leaves a rest, one more patch ends at the border.
/// </summary>
public sealed class PatchGrid
{
    private readonly PatchSettings _settings;
    private readonly int[] _tops;
    private readonly int[] _lefts;

    /// <summary>Cuts a map.</summary>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="settings">The patches; larger ones than the map are made as large as it is.</param>
    /// <exception cref="ArgumentException">There would be gaps between patches, or a size or weight is not positive.</exception>
    public PatchGrid(int height, int width, PatchSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        Check(settings);
        (Height, Width, _settings) = (height, width, settings);
        KernelHeight = Math.Min(settings.KernelHeight, height);
        KernelWidth = Math.Min(settings.KernelWidth, width);
        _tops = Starts(height, KernelHeight, settings.StrideHeight);
        _lefts = Starts(width, KernelWidth, settings.StrideWidth);
    }

    /// <summary>Rows of the map.</summary>
    public int Height { get; }

    /// <summary>Columns of the map.</summary>
    public int Width { get; }

    /// <summary>Rows of a patch.</summary>
    public int KernelHeight { get; }

    /// <summary>Columns of a patch.</summary>
    public int KernelWidth { get; }

    /// <summary>The number of patches L.</summary>
    public int Count => _tops.Length * _lefts.Length;

    /// <summary>The top left corner of a patch; they are counted row by row.</summary>
    public (int Top, int Left) Corner(int index) => (_tops[index / _lefts.Length], _lefts[index % _lefts.Length]);

    /// <summary>The weights of one patch's pixels.</summary>
    /// <param name="index">The patch, 0 to L - 1.</param>
    /// <returns>[kernel height, kernel width], f32.</returns>
    public Tensor Weights(int index)
    {
        var tie = TieWeight(index);
        var weights = new float[KernelHeight * KernelWidth];
        for (var y = 0; y < KernelHeight; y++)
        {
            for (var x = 0; x < KernelWidth; x++)
            {
                var weight = Math.Clamp(
                    BorderDistance(y, KernelHeight, x, KernelWidth),
                    _settings.MinWeight,
                    _settings.MaxWeight
                );
                weights[y * KernelWidth + x] = (float)(weight * tie);
            }
        }

        return tensor(weights, [KernelHeight, KernelWidth]);
    }

    /// <summary>The sum of all patches' weights at every pixel of the map.</summary>
    /// <returns>[1, 1, H, W], f32, above 0 everywhere.</returns>
    public Tensor Normalization()
    {
        using var scope = NewDisposeScope();
        var sum = zeros(1, 1, Height, Width);
        for (var i = 0; i < Count; i++)
        {
            using var patch = NewDisposeScope();
            Cut(sum, i).PlusInPlace(Weights(i));
        }

        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>A patch of a map, as a view.</summary>
    /// <param name="map">[B, C, H, W].</param>
    /// <param name="index">The patch, 0 to L - 1.</param>
    /// <returns>[B, C, kernel height, kernel width].</returns>
    public Tensor Cut(Tensor map, int index)
    {
        ArgumentNullException.ThrowIfNull(map);
        var (top, left) = Corner(index);
        using var rows = map.narrow(2, top, KernelHeight);
        return rows.narrow(3, left, KernelWidth);
    }

    /// <summary>Computes a map patch by patch: the weighted mean of what overlapping patches say.</summary>
    /// <param name="map">[B, C, H, W].</param>
    /// <param name="compute">From patch and number to a patch of the same shape, in the caller's scope.</param>
    /// <returns>[B, C, H, W].</returns>
    public Tensor Map(Tensor map, Func<Tensor, int, Tensor> compute)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(compute);
        using var scope = NewDisposeScope();
        var sum = zeros_like(map);
        for (var i = 0; i < Count; i++)
        {
            using var patch = NewDisposeScope();
            var computed = compute(Cut(map, i).contiguous(), i);
            Cut(sum, i).PlusInPlace(computed.mul(Weights(i).to(map.dtype, map.device)));
        }

        return sum.div_(Normalization().to(map.dtype, map.device)).MoveToOuterDisposeScope();
    }

    private double TieWeight(int index) =>
        !_settings.TieBreaker
            ? 1
            : Math.Clamp(
                BorderDistance(index / _lefts.Length, _tops.Length, index % _lefts.Length, _lefts.Length),
                _settings.MinTieWeight,
                _settings.MaxTieWeight
            );

    private static double BorderDistance(int y, int height, int x, int width) =>
        Math.Min(BorderDistance(y, height), BorderDistance(x, width));

    // One row alone is its own middle.
    private static double BorderDistance(int place, int length) =>
        length == 1 ? 0.5 : Math.Min(place, length - 1 - place) / (length - 1.0);

    private static int[] Starts(int length, int kernel, int stride)
    {
        var last = length - kernel;
        var regular = Enumerable.Range(0, last / stride + 1).Select(i => i * stride);
        return last % stride == 0 ? [.. regular] : [.. regular, last];
    }

    private static void Check(PatchSettings settings)
    {
        var (kernel, stride) = (
            (settings.KernelHeight, settings.KernelWidth),
            (settings.StrideHeight, settings.StrideWidth)
        );
        if (stride.StrideHeight < 1 || stride.StrideWidth < 1)
        {
            throw new ArgumentException($"Strides are from 1 up, not {stride}.");
        }

        if (stride.StrideHeight > kernel.KernelHeight || stride.StrideWidth > kernel.KernelWidth)
        {
            throw new ArgumentException($"Strides of {stride} leave gaps between patches of {kernel}.");
        }

        if (!(settings is { MinWeight: > 0, MinTieWeight: > 0 }))
        {
            throw new ArgumentException("The least weights must be above 0, or border pixels have none.");
        }
    }
}
