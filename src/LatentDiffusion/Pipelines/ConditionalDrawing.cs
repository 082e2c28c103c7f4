using System.Diagnostics;
using LatentDiffusion.Data;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Pipelines;

/// <summary>A sample, the condition that it was drawn from, and the real image that has this condition.</summary>
/// <param name="Name">Names the image to a person.</param>
/// <param name="Input">The condition.</param>
/// <param name="Original">The real image.</param>
/// <param name="Sample">The sample, of the same size.</param>
public sealed record ConditionalDraw(string Name, ConditionInput Input, RgbImage Original, RgbImage Sample);

/// <summary>Draws anew what real images show, from their conditions: to see and measure how well a model obeys.</summary>
/// <param name="model">The model; used by one thread at a time, borrowed.</param>
/// <param name="settings">Sampler, steps, first seed, guidance, batch size; inputs and sizes are set here.</param>
public sealed class ConditionalDrawing(LatentDiffusionModel model, SamplingRequest settings)
{
    /// <summary>Time spent so far on drawing, decoding included.</summary>
    public TimeSpan Time { get; private set; }

    /// <summary>Refuses settings that do not fit, before anything is drawn.</summary>
    /// <param name="images">Real images with their annotations, see <see cref="AnnotatedImages"/>.</param>
    /// <param name="index">Which of them to check with.</param>
    /// <exception cref="Errors.UserInputException">The settings or the image do not fit the model.</exception>
    public void Check(ImageDataset images, int index)
    {
        ArgumentNullException.ThrowIfNull(images);
        new ImageSampler(model).Check(RequestFor(images, [ConditionOf(images, index)], number: 0));
    }

    /// <summary>Draws, as the result is read. Where an image has known pixels, the sample has them too.</summary>
    /// <param name="images">Real images with their annotations, see <see cref="AnnotatedImages"/>.</param>
    /// <param name="indices">Which of them; image number i of these is drawn with seed + i.</param>
    /// <param name="progress">Told after every sampler step.</param>
    /// <param name="cancellation">Checked before every sampler step.</param>
    /// <exception cref="Errors.UserInputException">The images do not fit the model.</exception>
    public IEnumerable<ConditionalDraw> Draw(
        ImageDataset images,
        IReadOnlyList<int> indices,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(indices);
        var sampler = new ImageSampler(model);
        var done = 0;
        foreach (var batch in indices.Chunk(settings.BatchSize))
        {
            var inputs = Array.ConvertAll(batch, i => ConditionOf(images, i));
            var start = Stopwatch.GetTimestamp();
            var samples = sampler.Sample(
                RequestFor(images, inputs, done),
                progress?.OfAll(done, indices.Count),
                cancellation
            );
            Time += Stopwatch.GetElapsedTime(start);
            done += batch.Length;
            for (var i = 0; i < batch.Length; i++)
            {
                yield return new ConditionalDraw(
                    images.Source.Describe(batch[i]).Name,
                    inputs[i],
                    images.GetImage(batch[i]),
                    inputs[i].Masked?.FilledFrom(samples[i]) ?? samples[i]
                );
            }
        }
    }

    private ConditionInput ConditionOf(ImageDataset images, int index) =>
        SampleConditions.Of(model.Config.Conditioner, images, index);

    private SamplingRequest RequestFor(ImageDataset images, IReadOnlyList<ConditionInput> inputs, int number) =>
        settings with
        {
            Inputs = inputs,
            Seed = settings.Seed + number,
            Width = images.Size,
            Height = images.Size,
        };
}
