using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Data;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>Features of sets of images that are to be compared: of one size, by one network.</summary>
/// <param name="context">Is told where features came from.</param>
/// <param name="network">Makes the features.</param>
/// <param name="size">Side of the squares that images are made.</param>
internal sealed class SetFeatures(VerbContext context, IFeatureNetwork network, int size)
{
    /// <summary>Embeds images.</summary>
    /// <param name="task">What they are, for the progress.</param>
    /// <param name="source">The images.</param>
    /// <param name="count">How many to use, at most, evenly spaced; null for all.</param>
    /// <param name="cache">Where features of the same images may lie; null to look nowhere.</param>
    /// <param name="progress">Told after every few images.</param>
    /// <param name="cancellation">Checked after every few images.</param>
    public ImageFeatures Of(
        string task,
        IImageSource source,
        int? count,
        FeatureCache? cache,
        IProgress<StepProgress> progress,
        CancellationToken cancellation
    )
    {
        var dataset = new ImageDataset(source, new ImageTransform(size), seed: 0, cacheBytes: 0);
        var indices = EvenlySpaced.Indices(source.Count, count ?? source.Count);
        var key = cache is null ? null : FeatureCache.KeyOf(network, dataset, indices);
        if (key is not null && cache?.Find(key, network, indices.Count) is { } found)
        {
            context.Output.Log($"Features of the {task} were measured before (--no-cache measures them again).");
            return found;
        }

        var features = DatasetFeatures.Of(
            network,
            dataset,
            indices,
            done =>
            {
                cancellation.ThrowIfCancellationRequested();
                progress.Report(new StepProgress(task, done, indices.Count));
            }
        );
        if (key is not null && features.Count > 1)
        {
            cache?.Keep(key, features);
        }

        return features;
    }
}
