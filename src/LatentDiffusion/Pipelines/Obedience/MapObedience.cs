using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>How well the classes that a judge sees in images agree with their label maps.</summary>
/// <param name="PixelAccuracy">Share of pixels with the right class.</param>
/// <param name="MeanIou">Intersection over union, mean over the classes that occur.</param>
public sealed record MapAgreement(double PixelAccuracy, double MeanIou);

/// <summary>
/// Whether samples of a semantic model show what their label maps say. The judge learns from one half of the real images which
/// features of a network belong to which class; it is asked about the other half and about the samples drawn from its maps.
/// </summary>
/// <param name="Samples">Of the samples.</param>
/// <param name="Real">Of the real images: what the judge reaches at best.</param>
/// <param name="Chance">Pixel accuracy of always saying the most frequent class.</param>
/// <param name="Count">How many samples were judged.</param>
public sealed record MapObedience(MapAgreement Samples, MapAgreement Real, double Chance, int Count)
{
    /// <summary>Judges samples.</summary>
    /// <param name="draws">Samples, the maps they were drawn from, and the real images of these.</param>
    /// <param name="classes">Number of the maps' classes.</param>
    /// <param name="network">Sees them; not disposed.</param>
    /// <exception cref="UserInputException">There are fewer than two.</exception>
    public static MapObedience Of(IReadOnlyList<ConditionalDraw> draws, int classes, IFeatureNetwork network)
    {
        ArgumentNullException.ThrowIfNull(draws);
        ArgumentNullException.ThrowIfNull(network);
        if (draws.Count < 2)
        {
            throw new UserInputException("Label maps are judged by other images: use at least 2.");
        }

        using var probe = new PixelProbe(network, classes);
        var (learned, asked) = (draws.Where((_, i) => i % 2 == 0), draws.Where((_, i) => i % 2 == 1).ToList());
        foreach (var draw in learned)
        {
            probe.Learn(draw.Original, MapOf(draw));
        }

        var (samples, real) = (new Confusion(classes), new Confusion(classes));
        foreach (var draw in asked)
        {
            var truth = PixelProbe.Grid(draw.Original, MapOf(draw));
            samples.Add(truth, probe.Tell(draw.Sample));
            real.Add(truth, probe.Tell(draw.Original));
        }

        return new MapObedience(samples.Agreement(), real.Agreement(), real.MostFrequent(), asked.Count);
    }

    private static LabelMap MapOf(ConditionalDraw draw) =>
        draw.Input.Map ?? throw new ArgumentException("A sample was not drawn from a label map.", nameof(draw));

    private sealed class Confusion(int classes)
    {
        private readonly long[,] _counts = new long[classes, classes];

        private IEnumerable<int> All => Enumerable.Range(0, classes);

        private long Total => All.Sum(Wanted);

        public void Add(long[] truth, long[] told)
        {
            for (var i = 0; i < truth.Length; i++)
            {
                _counts[truth[i], told[i]]++;
            }
        }

        public MapAgreement Agreement()
        {
            var occurring = All.Where(c => Wanted(c) > 0);
            return new MapAgreement(
                (double)All.Sum(c => _counts[c, c]) / Total,
                occurring.Average(c => (double)_counts[c, c] / (Wanted(c) + Told(c) - _counts[c, c]))
            );
        }

        public double MostFrequent() => (double)All.Max(Wanted) / Total;

        private long Wanted(int c) => All.Sum(told => _counts[c, told]);

        private long Told(int c) => All.Sum(truth => _counts[truth, c]);
    }
}
