namespace LatentDiffusion.Cli.Study;

/// <summary>How often the first of two candidates was preferred, with Wilson's 95 % confidence interval.</summary>
/// <param name="First">Votes for the first.</param>
/// <param name="Votes">All votes.</param>
internal sealed record Preference(int First, int Votes)
{
    // The normal distribution's quantile of 97.5 %.
    private const double Quantile = 1.959964;

    /// <summary>The share of votes for the first; null without votes.</summary>
    public double? Share => Votes == 0 ? null : (double)First / Votes;

    /// <summary>Where the interval begins; 0 without votes.</summary>
    public double Low => Math.Max(0, Centre - HalfWidth);

    /// <summary>Where the interval ends; 1 without votes.</summary>
    public double High => Math.Min(1, Centre + HalfWidth);

    private static double Square => Quantile * Quantile;

    private double Centre => (First + Square / 2) / (Votes + Square);

    private double HalfWidth
    {
        get
        {
            var second = Votes - First;
            var spread = Votes == 0 ? 0 : (double)First * second / Votes;
            return Quantile / (Votes + Square) * Math.Sqrt(spread + Square / 4);
        }
    }
}
