using LatentDiffusion.Networks.Conditioners;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>
/// Puts low-resolution images beside the latents (LDM section 4.4). Where the first stage makes images less small than the
/// low-resolution ones are, those are enlarged to the latents' size.
/// </summary>
public sealed class SuperResolutionConditioner : SingleConditioner
{
    private readonly SuperResolutionConfig _config;
    private readonly int _factor;

    /// <summary>Creates the conditioner, which has no weights.</summary>
    /// <param name="config">The scale.</param>
    /// <param name="factor">How many times smaller latents are than images.</param>
    /// <exception cref="ArgumentException">Latents are smaller than low-resolution images.</exception>
    public SuperResolutionConditioner(SuperResolutionConfig config, int factor)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        (_config, _factor) = (config, factor);
        if (config.Scale < factor)
        {
            throw new ArgumentException(
                $"Low-resolution images are {config.Scale} times smaller than images and latents {factor} times: they would "
                    + "be reduced further. Use a scale of at least the first stage's factor."
            );
        }
    }

    /// <inheritdoc/>
    public override nn.Module? Network => null;

    /// <inheritdoc/>
    public override Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null)
    {
        var (height, width) = SizeFor(inputs, size);
        using var scope = NewDisposeScope();
        var given = inputs.Select(input => input.LowResolution).ToList();
        var first = given.Find(image => image is not null);
        var images = PlanarImages.Stack(given, first?.Height ?? height, first?.Width ?? width, missing: 0);
        if (images.shape[2] != height || images.shape[3] != width)
        {
            images = nn.functional.interpolate(
                images,
                size: [height, width],
                mode: InterpolationMode.Bicubic,
                align_corners: false
            );
        }

        return new Condition(Channels: images.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override ConditionInput Take(ConditionInput into, ConditionInput from) =>
        into with
        {
            LowResolution = from.LowResolution,
        };

    /// <inheritdoc/>
    protected override LatentSize? SizeOf(ConditionInput input) =>
        input.LowResolution is { } low
            ? LatentSize.OfImage(low.Height * _config.Scale, low.Width * _config.Scale, _factor)
            : null;

    /// <inheritdoc/>
    protected override string? ProblemWithPart(ConditionInput input, int height, int width) =>
        input.LowResolution is not { } low ? "The model enlarges images: give it a low-resolution image."
        : low.Height * _config.Scale != height || low.Width * _config.Scale != width
            ? $"The low-resolution image has {low.Width}x{low.Height} pixels, the image to draw {width}x{height}: it must "
                + $"be {_config.Scale} times smaller."
        : null;

    /// <inheritdoc/>
    protected override bool Has(ConditionInput input) => input.LowResolution is not null;
}
