using LatentDiffusion.Data;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Pipelines.Experiments;

/// <summary>
/// What samples are compared with: features of real images, and of what the first stage makes of them. A perfect denoiser
/// would reach distance 0 to the reconstructions; what is left to the images is the first stage's own loss.
/// </summary>
/// <param name="Images">Of the images.</param>
/// <param name="Reconstructions">Of their reconstructions.</param>
public sealed record RealImages(ImageFeatures Images, ImageFeatures Reconstructions)
{
    /// <summary>Embeds images and their reconstructions.</summary>
    /// <param name="model">Its first stage reconstructs.</param>
    /// <param name="network">Makes the features.</param>
    /// <param name="dataset">The images, of a size that suits the model.</param>
    /// <param name="progress">Told after every few images.</param>
    /// <param name="cancellation">Checked after every few images.</param>
    /// <exception cref="Errors.UserInputException">An image cannot be read.</exception>
    public static RealImages Embed(
        LatentDiffusionModel model,
        IFeatureNetwork network,
        ImageDataset dataset,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(dataset);
        var real = new RealImages(new ImageFeatures(network), new ImageFeatures(network));
        var pairs = new Reconstruction(model.FirstStage).Reconstruct(dataset, Enumerable.Range(0, dataset.Count));
        foreach (var batch in pairs.Chunk(16))
        {
            cancellation.ThrowIfCancellationRequested();
            real.Images.Add(batch.Select(pair => pair.Input));
            real.Reconstructions.Add(batch.Select(pair => pair.Output));
            progress?.Report(new StepProgress("real images", real.Images.Count, dataset.Count));
        }

        return real;
    }

    /// <summary>The distance of the reconstructions to the images: what the first stage alone loses.</summary>
    public double FirstStageDistance() =>
        Metrics.FrechetDistance.Between(Images.ToMoments(), Reconstructions.ToMoments());

    /// <summary>
    /// Classes for samples: those of real images evenly spaced over the source, so that their shares are alike; all classes
    /// in turn where the source does not know the model's.
    /// </summary>
    /// <param name="model">The model; without classes all entries are null.</param>
    /// <param name="source">The real images.</param>
    /// <param name="count">How many samples.</param>
    public static IReadOnlyList<int?> ClassesFor(LatentDiffusionModel model, IImageSource source, int count)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(source);
        var names = model.Config.Classes.ToList();
        if (names.Count == 0)
        {
            return new int?[count];
        }

        var known = source.ClassNames.Intersect(names, StringComparer.Ordinal).Any();
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => known ? ClassAt((int)((long)i * source.Count / count)) : i % names.Count),
        ];

        int? ClassAt(int index) =>
            source.Describe(index).ClassName is { } name && names.IndexOf(name) is >= 0 and var id ? id : null;
    }
}
