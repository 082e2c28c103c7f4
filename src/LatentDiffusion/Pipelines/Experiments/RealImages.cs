using LatentDiffusion.Data;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Progress;
using LatentDiffusion.Text;

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
    /// Conditions for samples: classes and captions of real images evenly spaced over the source, so that their shares are
    /// alike; all classes in turn where the source does not know the model's.
    /// </summary>
    /// <param name="model">The model; of one without conditions all entries are <see cref="ConditionInput.None"/>.</param>
    /// <param name="source">The real images.</param>
    /// <param name="count">How many samples.</param>
    public static IReadOnlyList<ConditionInput> InputsFor(LatentDiffusionModel model, IImageSource source, int count)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(source);
        var names = model.Config.Classes.ToList();
        var known = source.ClassNames.Intersect(names, StringComparer.Ordinal).Any();
        var captioned = model.Config.Conditioner?.UsesCaptions == true;
        return [.. Enumerable.Range(0, count).Select(InputAt)];

        ConditionInput InputAt(int sample)
        {
            var record = source.Describe((int)((long)sample * source.Count / count));
            return new ConditionInput
            {
                ClassId =
                    known ? ClassIdOf(record)
                    : names.Count > 0 ? sample % names.Count
                    : null,
                Prompt = captioned && !string.IsNullOrEmpty(record.Caption) ? Prompt.Plain(record.Caption) : null,
            };
        }

        int? ClassIdOf(ImageRecord record) =>
            record.ClassName is { } name && names.IndexOf(name) is >= 0 and var id ? id : null;
    }
}
