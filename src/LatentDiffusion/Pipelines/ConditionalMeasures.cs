using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines.Obedience;

namespace LatentDiffusion.Pipelines;

/// <summary>How near samples come to the real images whose conditions they were drawn from, and how well they obey these.</summary>
/// <param name="Pairs">Every sample against its image; the Frechet distance is that of the two sets.</param>
/// <param name="Bicubic">The same of low-resolution images enlarged bicubically; null where there are none.</param>
/// <param name="Layouts">Whether objects are in their boxes; null without layouts or without a network.</param>
/// <param name="Maps">Whether pixels are of their class; null without maps or without a network.</param>
public sealed record ConditionalMeasures(
    ReconstructionSummary Pairs,
    ReconstructionSummary? Bicubic,
    BoxObedience? Layouts,
    MapObedience? Maps
)
{
    /// <summary>Measures.</summary>
    /// <param name="draws">At least one.</param>
    /// <param name="labels">Names of the classes of maps and layouts.</param>
    /// <param name="perceptual">What compares features, or null.</param>
    public static ConditionalMeasures Of(
        IReadOnlyList<ConditionalDraw> draws,
        ConditionLabels labels,
        PerceptualMeasures? perceptual
    )
    {
        ArgumentNullException.ThrowIfNull(draws);
        ArgumentNullException.ThrowIfNull(labels);
        return new ConditionalMeasures(
            Compare(draws, draw => draw.Sample),
            draws.All(draw => draw.Input.LowResolution is not null) ? Compare(draws, Enlarged) : null,
            perceptual is not null && labels.Layouts.Count > 0 ? BoxObedience.Of(draws, perceptual.Network) : null,
            perceptual is not null && labels.Maps.Count > 0
                ? MapObedience.Of(draws, labels.Maps.Count, perceptual.Network)
                : null
        );

        ReconstructionSummary Compare(IEnumerable<ConditionalDraw> all, Func<ConditionalDraw, RgbImage> result)
        {
            using var evaluation = new ReconstructionEvaluation(perceptual);
            foreach (
                var _ in evaluation.Measure(all.Select(d => new ReconstructionPair(d.Name, d.Original, result(d))))
            ) { }

            return evaluation.Summarize();
        }
    }

    private static RgbImage Enlarged(ConditionalDraw draw) =>
        Resampler.Bicubic(draw.Input.LowResolution!, draw.Original.Width, draw.Original.Height);
}
