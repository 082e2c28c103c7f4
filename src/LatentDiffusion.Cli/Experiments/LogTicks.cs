namespace LatentDiffusion.Cli.Experiments;

/// <summary>Which numbers a logarithmic axis tells; none where only an automatic choice fits.</summary>
internal static class LogTicks
{
    private const int MostValuesTold = 8;
    private const int FewestRound = 3;

    /// <summary>
    /// The values themselves where they are few, such as 10, 20 and 50 steps: the labels of many would lie over each other.
    /// </summary>
    /// <param name="values">Positive and different.</param>
    public static double[] Told(double[] values) => values.Length <= MostValuesTold ? values : Round(values);

    /// <summary>1, 2, 5, 10, ... as far as the values reach; none if these are too few to read an axis by.</summary>
    /// <param name="values">Positive.</param>
    public static double[] Round(double[] values)
    {
        var (least, most) = (values.DefaultIfEmpty(1).Min(), values.DefaultIfEmpty(1).Max());
        var (first, last) = ((int)Math.Floor(Math.Log10(least)), (int)Math.Ceiling(Math.Log10(most)));
        double[] ticks =
        [
            .. Enumerable
                .Range(first, last - first + 1)
                .SelectMany(decade => (double[])[1, 2, 5], (decade, digit) => digit * Math.Pow(10, decade))
                .Where(tick => tick >= least && tick <= most),
        ];
        return ticks.Length >= FewestRound ? ticks : [];
    }
}
