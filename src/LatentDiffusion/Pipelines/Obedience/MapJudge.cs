using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>Judges samples of label maps as they come, see <see cref="MapObedience"/>; none of them is kept.</summary>
/// <param name="network">Sees them; not disposed.</param>
/// <param name="classes">Number of the maps' classes.</param>
internal sealed class MapJudge(IFeatureNetwork network, int classes) : IDisposable
{
    private readonly PixelProbe _probe = new(network, classes);
    private readonly Confusion _samples = new(classes);
    private readonly Confusion _real = new(classes);
    private int _seen;
    private int _asked;

    /// <summary>Whether the judge learns from the image of a draw, and is not asked about it.</summary>
    /// <param name="position">Which draw it is, counted from 0.</param>
    public static bool LearnsFrom(int position) => position % 2 == 0;

    /// <summary>Learns from a real image. All learning comes before the first sample.</summary>
    public void Learn(MappedImage example) => _probe.Learn(example.Image, example.Map);

    /// <summary>Judges the next sample, if it is not one whose real image is learned from.</summary>
    public void Add(ConditionalDraw draw)
    {
        if (LearnsFrom(_seen++))
        {
            return;
        }

        var truth = PixelProbe.Grid(draw.Original, MapOf(draw));
        _samples.Add(truth, _probe.Tell(draw.Sample));
        _real.Add(truth, _probe.Tell(draw.Original));
        _asked++;
    }

    /// <summary>What was found.</summary>
    /// <exception cref="UserInputException">There were fewer than two samples.</exception>
    public MapObedience Result() =>
        _asked > 0
            ? new MapObedience(_samples.Agreement(), _real.Agreement(), _real.MostFrequent(), _asked)
            : throw new UserInputException("Label maps are judged by other images: use at least 2.");

    public void Dispose() => _probe.Dispose();

    /// <summary>The map that a sample was drawn from.</summary>
    public static LabelMap MapOf(ConditionalDraw draw) =>
        draw.Input.Map ?? throw new ArgumentException("A sample was not drawn from a label map.", nameof(draw));
}
