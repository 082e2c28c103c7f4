using LatentDiffusion.Data;
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
    /// <summary>The real images that the judge learns from: every other one, beginning with the first.</summary>
    /// <param name="images">Images with their label maps, see <see cref="Conditions.AnnotatedImages"/>.</param>
    /// <param name="indices">Those whose maps samples are drawn from, in that order.</param>
    /// <param name="cancellation">Checked before every image.</param>
    /// <exception cref="UserInputException">An image cannot be read.</exception>
    public static IEnumerable<MappedImage> Examples(
        ImageDataset images,
        IReadOnlyList<int> indices,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(indices);
        return indices
            .Where((_, position) => MapJudge.LearnsFrom(position))
            .Select(i =>
            {
                cancellation.ThrowIfCancellationRequested();
                return new MappedImage(
                    images.GetImage(i),
                    images.Annotate(epoch: 0, i).Map
                        ?? throw new InvalidOperationException("The images have no label maps.")
                );
            });
    }

    /// <summary>Judges samples.</summary>
    /// <param name="draws">Samples, the maps they were drawn from, and the real images of these.</param>
    /// <param name="classes">Number of the maps' classes.</param>
    /// <param name="network">Sees them; not disposed.</param>
    /// <exception cref="UserInputException">There are fewer than two.</exception>
    public static MapObedience Of(IReadOnlyList<ConditionalDraw> draws, int classes, IFeatureNetwork network)
    {
        ArgumentNullException.ThrowIfNull(draws);
        ArgumentNullException.ThrowIfNull(network);
        using var judge = new MapJudge(network, classes);
        foreach (var draw in draws.Where((_, position) => MapJudge.LearnsFrom(position)))
        {
            judge.Learn(new MappedImage(draw.Original, MapJudge.MapOf(draw)));
        }

        foreach (var draw in draws)
        {
            judge.Add(draw);
        }

        return judge.Result();
    }
}
