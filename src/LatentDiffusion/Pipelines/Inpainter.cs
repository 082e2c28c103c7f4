using LatentDiffusion.Data.Masks;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// Fills holes in images. A model that was trained for it sees the image and the mask (LDM section 4.5); any other one has
/// what is known blended into every step of its sampler. Either way known pixels come back bit for bit.
/// </summary>
/// <param name="model">The model; used by one thread at a time, borrowed.</param>
public sealed class Inpainter(LatentDiffusionModel model)
{
    /// <summary>Whether the model was trained to fill holes.</summary>
    public bool IsTrainedForIt => model.Config.Conditioner?.Singles.Any(single => single is InpaintingConfig) == true;

    /// <summary>Fills an image's holes.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="settings">
    /// Sampler, steps, seed, guidance; its inputs may hold what else the model is conditioned on, and there are as many
    /// results as inputs, at least one. Sizes are set here.
    /// </param>
    /// <param name="progress">Told after every sampler step.</param>
    /// <param name="cancellation">Checked before every sampler step.</param>
    /// <returns>Images of the same size.</returns>
    /// <exception cref="UserInputException">The mask has no hole, or the settings do not fit the model.</exception>
    public IReadOnlyList<RgbImage> Fill(
        MaskedImage image,
        SamplingRequest? settings = null,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        settings ??= new SamplingRequest();
        var inputs = settings.Inputs.Count > 0 ? settings.Inputs : [ConditionInput.None];
        var plan = Plan(image, settings with { Inputs = inputs });
        return [.. new ImageSampler(model).Sample(plan.Request, progress, cancellation).Select(plan.Finish)];
    }

    /// <summary>What the sampler has to draw for an image to be filled, once for every input of the settings.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="settings">As for <see cref="Fill"/>, with at least one input.</param>
    /// <exception cref="UserInputException">The mask has no hole.</exception>
    public SamplingPlan Plan(MaskedImage image, SamplingRequest settings)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(settings);
        if (image.Mask.HoleShare == 0)
        {
            throw new UserInputException("The mask has no hole, so there is nothing to paint: mark some pixels.");
        }

        var (width, height) = (Padded(image.Image.Width), Padded(image.Image.Height));
        var padded = new MaskedImage(image.Image.Extended(width, height), image.Mask.Extended(width, height));
        var inputs = settings.Inputs;
        return new SamplingPlan(
            settings with
            {
                Inputs = IsTrainedForIt ? [.. inputs.Select(input => input with { Masked = padded })] : inputs,
                Known = IsTrainedForIt ? [] : [.. inputs.Select(_ => padded)],
                Width = width,
                Height = height,
            },
            drawn => image.FilledFrom(drawn.Crop(0, 0, image.Image.Width, image.Image.Height))
        );
    }

    private int Padded(int side) => (side + model.SizeMultiple - 1) / model.SizeMultiple * model.SizeMultiple;
}
