namespace LatentDiffusion.Imaging;

/// <summary>For each output position along one axis the input positions that count, with weights that sum to 1.</summary>
internal static class AxisTaps
{
    public static (int Index, double Weight)[][] For(int input, int output, Interpolation interpolation)
    {
        var scale = (double)input / output;
        return
        [
            .. Enumerable
                .Range(0, output)
                .Select(i =>
                    interpolation switch
                    {
                        Interpolation.Linear => Linear(i, scale, input),
                        Interpolation.Cubic => Cubic(i, scale, input),
                        Interpolation.Area when input >= output => Covered(i, scale, input),
                        Interpolation.Area => Ramp(i, scale, input),
                        Interpolation.MatlabCubic => Matlab(i, scale, input),
                        _ => throw new ArgumentOutOfRangeException(nameof(interpolation)),
                    }
                ),
        ];
    }

    private static (int, double)[] Linear(int output, double scale, int input)
    {
        var position = (output + 0.5) * scale - 0.5;
        var first = (int)Math.Floor(position);
        var fraction = position - first;
        return [(Clamped(first, input), 1 - fraction), (Clamped(first + 1, input), fraction)];
    }

    private static (int, double)[] Cubic(int output, double scale, int input)
    {
        var position = (output + 0.5) * scale - 0.5;
        var first = (int)Math.Floor(position) - 1;
        return [.. Enumerable.Range(first, 4).Select(i => (Clamped(i, input), CubicKernel(position - i, a: -0.75)))];
    }

    private static (int, double)[] Covered(int output, double scale, int input)
    {
        var (start, end) = (output * scale, Math.Min(input, (output + 1) * scale));
        var taps = new List<(int, double)>();
        for (var i = (int)start; i < end; i++)
        {
            var overlap = Math.Min(end, i + 1) - Math.Max(start, i);
            if (overlap > 1e-9)
            {
                taps.Add((Clamped(i, input), overlap / (end - start)));
            }
        }

        return [.. taps];
    }

    // What OpenCV does for INTER_AREA when it enlarges: pixels keep their width, only their seams are blended.
    private static (int, double)[] Ramp(int output, double scale, int input)
    {
        var first = (int)Math.Floor(output * scale);
        var fraction = output + 1 - (first + 1) / scale;
        fraction = fraction <= 0 ? 0 : fraction - Math.Floor(fraction);
        return [(Clamped(first, input), 1 - fraction), (Clamped(first + 1, input), fraction)];
    }

    // The same weights as Tensors.Resampling.BicubicResize, which works on tensors.
    private static (int, double)[] Matlab(int output, double scale, int input)
    {
        var stretch = Math.Min(1, 1 / scale);
        var reach = 4 / stretch;
        var centre = (output + 0.5) * scale - 0.5;
        var first = (int)Math.Floor(centre - reach / 2);
        var taps = new (int Index, double Weight)[(int)Math.Ceiling(reach) + 2];
        for (var i = 0; i < taps.Length; i++)
        {
            taps[i] = (Mirrored(first + i, input), CubicKernel((centre - first - i) * stretch, a: -0.5));
        }

        var sum = taps.Sum(tap => tap.Weight);
        return [.. taps.Where(tap => tap.Weight != 0).Select(tap => (tap.Index, tap.Weight / sum))];
    }

    private static int Clamped(int index, int size) => Math.Clamp(index, 0, size - 1);

    // The border pixel itself is repeated: b a | a b c | c b.
    private static int Mirrored(int index, int size)
    {
        var folded = ((index % (2 * size)) + 2 * size) % (2 * size);
        return folded < size ? folded : 2 * size - 1 - folded;
    }

    private static double CubicKernel(double x, double a)
    {
        x = Math.Abs(x);
        return x switch
        {
            <= 1 => ((a + 2) * x - (a + 3)) * x * x + 1,
            < 2 => (((x - 5) * x + 8) * x - 4) * a,
            _ => 0,
        };
    }
}
