using LatentDiffusion.Data.SemanticMaps;
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
    // Neighbours are measured together, as many as ReconstructionEvaluation takes at once.
    private const int Together = 4;

    /// <summary>What was left out because images were too small for a network, and why: a sentence each.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Measures samples as they are drawn; none of them is kept.</summary>
    /// <param name="draws">At least one, all of one size; read once.</param>
    /// <param name="examples">
    /// What the judge of label maps learns from before the first sample is drawn, see
    /// <see cref="MapObedience.Examples"/>; not read for models without maps.
    /// </param>
    /// <param name="labels">Names of the classes of maps and layouts.</param>
    /// <param name="perceptual">What compares features, or null.</param>
    /// <exception cref="Errors.UserInputException">There are too few samples to judge by.</exception>
    public static ConditionalMeasures Of(
        IEnumerable<ConditionalDraw> draws,
        IEnumerable<MappedImage> examples,
        ConditionLabels labels,
        PerceptualMeasures? perceptual
    )
    {
        ArgumentNullException.ThrowIfNull(draws);
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(labels);
        using var judges = new ConditionJudges(labels, perceptual?.Network, examples);
        using var samples = new ReconstructionEvaluation(perceptual);
        using var bicubic = new ReconstructionEvaluation(perceptual);
        var hasLow = true;
        foreach (var some in draws.Chunk(Together))
        {
            Measure(samples, some, draw => draw.Sample);
            hasLow = hasLow && Array.TrueForAll(some, draw => draw.Input.LowResolution is not null);
            if (hasLow)
            {
                Measure(bicubic, some, Enlarged);
            }

            judges.Add(some);
        }

        var pairs = samples.Summarize();
        return new ConditionalMeasures(
            pairs,
            hasLow ? bicubic.Summarize() : null,
            judges.Boxes?.Result(),
            judges.Maps?.Result()
        )
        {
            LeftOut = [.. pairs.LeftOut, .. judges.LeftOut],
        };
    }

    private static void Measure(
        ReconstructionEvaluation evaluation,
        IEnumerable<ConditionalDraw> draws,
        Func<ConditionalDraw, RgbImage> result
    )
    {
        foreach (var _ in evaluation.Measure(draws.Select(d => new ReconstructionPair(d.Name, d.Original, result(d)))))
        { }
    }

    private static RgbImage Enlarged(ConditionalDraw draw) =>
        Resampler.Bicubic(draw.Input.LowResolution!, draw.Original.Width, draw.Original.Height);
}
