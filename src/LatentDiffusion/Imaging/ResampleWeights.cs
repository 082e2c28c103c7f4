namespace LatentDiffusion.Imaging;

/// <summary>
/// For each output position along one axis: the first input position that counts and the weights of it and its
/// followers, as fixed-point integers that sum to about 2^22. Pillow's arithmetic, so that results agree to the bit.
/// </summary>
internal sealed class ResampleWeights
{
    /// <summary>Fraction bits: 32 less 8 for the sample and 2 for the overshoot of negative lobes.</summary>
    public const int PrecisionBits = 22;

    private readonly int[] _first;
    private readonly int[][] _weights;

    private ResampleWeights(int[] first, int[][] weights)
    {
        _first = first;
        _weights = weights;
    }

    /// <summary>Keys' cubic with a = -0.5; it reaches two samples to either side.</summary>
    public static ResampleWeights Bicubic(int inputSize, int outputSize) =>
        Create(inputSize, outputSize, support: 2, BicubicKernel);

    /// <summary>Mean of the input samples whose centres the output sample covers.</summary>
    public static ResampleWeights Box(int inputSize, int outputSize) =>
        Create(inputSize, outputSize, support: 0.5, x => x is > -0.5 and <= 0.5 ? 1 : 0);

    public int First(int output) => _first[output];

    public ReadOnlySpan<int> Of(int output) => _weights[output];

    private static ResampleWeights Create(int inputSize, int outputSize, double support, Func<double, double> kernel)
    {
        var scale = (double)inputSize / outputSize;

        // When shrinking, the kernel is stretched over the input, which is what prevents aliasing.
        var stretch = Math.Max(1, scale);
        var reach = support * stretch;
        var firsts = new int[outputSize];
        var weights = new int[outputSize][];
        for (var output = 0; output < outputSize; output++)
        {
            var centre = (output + 0.5) * scale;
            var start = Math.Max(0, (int)(centre - reach + 0.5));
            var end = Math.Min(inputSize, (int)(centre + reach + 0.5));
            var values = new double[end - start];
            var sum = 0.0;
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = kernel((i + start - centre + 0.5) / stretch);
                sum += values[i];
            }

            firsts[output] = start;
            weights[output] = Array.ConvertAll(
                values,
                value => (int)Math.Round(value / sum * (1 << PrecisionBits), MidpointRounding.AwayFromZero)
            );
        }

        return new ResampleWeights(firsts, weights);
    }

    private static double BicubicKernel(double x)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return x switch
        {
            < 1 => ((a + 2) * x - (a + 3)) * x * x + 1,
            < 2 => (((x - 5) * x + 8) * x - 4) * a,
            _ => 0,
        };
    }
}
