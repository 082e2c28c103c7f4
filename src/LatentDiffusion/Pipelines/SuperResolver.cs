using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Pipelines;

/// <summary>Enlarges images of any size with a super-resolution model (LDM section 4.4).</summary>
public sealed class SuperResolver
{
    private const int UsualTile = 256;

    private readonly LatentDiffusionModel _model;

    /// <summary>Wraps a model.</summary>
    /// <param name="model">The model; used by one thread at a time, borrowed.</param>
    /// <exception cref="UserInputException">The model does not enlarge images.</exception>
    public SuperResolver(LatentDiffusionModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var config = model.Config.Conditioner?.Singles.OfType<SuperResolutionConfig>().FirstOrDefault();
        Scale =
            config?.Scale
            ?? throw new UserInputException(
                "The model does not enlarge images: choose one whose conditioner is super_resolution."
            );
        _model = model;
    }

    /// <summary>How many times larger images become, per side.</summary>
    public int Scale { get; }

    /// <summary>Enlarges an image.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="settings">
    /// Sampler, steps, seed and guidance; its first input may hold what else the model is conditioned on. Sizes are set here;
    /// <see cref="SamplingRequest.PatchSize"/> is the side of the overlapping tiles that large results are made of, null being
    /// 256 pixels, or the training images' size where that is more.
    /// </param>
    /// <param name="progress">Told after every sampler step.</param>
    /// <param name="cancellation">Checked before every sampler step.</param>
    /// <returns><see cref="Scale"/> times as wide and high.</returns>
    /// <exception cref="UserInputException">The settings do not fit the model.</exception>
    public RgbImage Enlarge(
        RgbImage image,
        SamplingRequest? settings = null,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        settings ??= new SamplingRequest();
        var input = settings.Inputs is [var first, ..] ? first : ConditionInput.None;
        var plan = Plan(image, settings with { Inputs = [input] });
        return plan.Finish(new ImageSampler(_model).Sample(plan.Request, progress, cancellation)[0]);
    }

    /// <summary>What the sampler has to draw for an image to be enlarged, once for every input of the settings.</summary>
    /// <param name="image">The image, of any size.</param>
    /// <param name="settings">As for <see cref="Enlarge"/>, with at least one input.</param>
    public SamplingPlan Plan(RgbImage image, SamplingRequest settings)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(settings);
        var (width, height) = (PaddedSide(image.Width), PaddedSide(image.Height));
        var low = image.Extended(width / Scale, height / Scale);
        return new SamplingPlan(
            settings with
            {
                Inputs = [.. settings.Inputs.Select(input => input with { LowResolution = low })],
                Width = width,
                Height = height,
                PatchSize = Tile(settings.PatchSize, Math.Max(width, height)),
            },
            drawn => drawn.Crop(0, 0, image.Width * Scale, image.Height * Scale)
        );
    }

    // The least multiple of both the model's and the low-resolution image's pixels.
    private int PaddedSide(int side)
    {
        var padded = side * Scale;
        while (padded % _model.SizeMultiple != 0)
        {
            padded += Scale;
        }

        return padded;
    }

    private int? Tile(int? chosen, int longSide)
    {
        var multiple = _model.SizeMultiple;
        var wanted = chosen ?? Math.Max(UsualTile, _model.Config.ImageSize);
        var tile = (wanted + multiple - 1) / multiple * multiple;
        return longSide > tile ? tile : null;
    }
}
