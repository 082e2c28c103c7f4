namespace LatentDiffusion.Tests.Metrics;

/// <summary>The kernel distance as the paper defines it, in plain loops.</summary>
internal static class PlainKernelDistance
{
    public static double Between(double[][] first, double[][] second) =>
        Within(first) + Within(second) - 2 * Across(first, second);

    /// <summary>The mean kernel of all pairs of the two sets.</summary>
    public static double Across(double[][] first, double[][] second) =>
        first.Average(x => second.Average(y => Kernel(x, y)));

    private static double Within(double[][] rows)
    {
        var sum = 0.0;
        for (var i = 0; i < rows.Length; i++)
        {
            for (var j = 0; j < rows.Length; j++)
            {
                sum += i == j ? 0 : Kernel(rows[i], rows[j]);
            }
        }

        return sum / (rows.Length * (rows.Length - 1));
    }

    private static double Kernel(double[] x, double[] y) => Math.Pow(x.Zip(y, (a, b) => a * b).Sum() / x.Length + 1, 3);
}
