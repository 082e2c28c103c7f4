namespace LatentDiffusion.Pipelines;

/// <summary>Mean and standard deviation of a number over images.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Deviation">The standard deviation of these images (divided by their count).</param>
public sealed record MeanAndDeviation(double Mean, double Deviation)
{
    /// <summary>Of at least one number.</summary>
    internal static MeanAndDeviation Of(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        return new MeanAndDeviation(mean, Math.Sqrt(values.Average(v => (v - mean) * (v - mean))));
    }

    /// <summary>Null when one of the numbers is missing.</summary>
    internal static MeanAndDeviation? Of(IReadOnlyCollection<double?> values) =>
        values.All(v => v.HasValue) ? Of([.. values.Select(v => v!.Value)]) : null;
}
