using LatentDiffusion.Data;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Text;

namespace LatentDiffusion.Pipelines.Conditions;

/// <summary>Chooses what samples are to show that are compared with real images.</summary>
public static class SampleConditions
{
    /// <summary>
    /// The condition of one real image, to draw it anew. Images may know more than a model reads, and samplers refuse classes
    /// and captions that the model does not read: these are left out.
    /// </summary>
    /// <param name="conditioner">The model's conditioner, or null.</param>
    /// <param name="images">Real images with their annotations, which are those of the first epoch.</param>
    /// <param name="index">Which of them.</param>
    public static ConditionInput Of(ConditionerConfig? conditioner, ImageDataset images, int index)
    {
        ArgumentNullException.ThrowIfNull(images);
        var known = ImageConditions.Of(images, epoch: 0, index);
        return known with
        {
            ClassId = conditioner?.UsesClasses == true ? known.ClassId : null,
            Prompt = conditioner?.UsesCaptions == true ? known.Prompt : null,
        };
    }

    /// <summary>
    /// Conditions for samples: classes and captions of real images evenly spaced over the source, so that their shares are
    /// alike; all classes in turn where the source does not know the model's.
    /// </summary>
    /// <param name="model">The model; of one without conditions all entries are <see cref="ConditionInput.None"/>.</param>
    /// <param name="source">The real images.</param>
    /// <param name="count">How many samples.</param>
    public static IReadOnlyList<ConditionInput> Like(LatentDiffusionModel model, IImageSource source, int count)
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
