using LatentDiffusion.Data.Masks;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>
/// Puts encoded images with black holes and their masks beside the latents (LDM section 4.5). The mask is 1 in holes and -1
/// elsewhere; the masks of samplers that blend have the opposite sense.
/// </summary>
public sealed class InpaintingConditioner : SingleConditioner
{
    private const float Black = -1;

    private readonly FirstStage _firstStage;

    /// <summary>Creates the conditioner, which has no weights of its own.</summary>
    /// <param name="config">How often it is dropped.</param>
    /// <param name="firstStage">The model's first stage; borrowed.</param>
    public InpaintingConditioner(InpaintingConfig config, FirstStage firstStage)
        : base(config) => _firstStage = firstStage;

    /// <inheritdoc/>
    public override nn.Module? Network => null;

    /// <inheritdoc/>
    public override Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null)
    {
        var (height, width) = SizeFor(inputs, size);
        var factor = _firstStage.DownsamplingFactor;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var erased = PlanarImages.Stack(
            [.. inputs.Select(input => input.Masked?.Erased)],
            height * factor,
            width * factor,
            missing: Black
        );
        var encoded = _firstStage.ModeOfLatents(_firstStage.Encode(erased));
        var masks = inputs.SelectMany(input => MaskOf(input.Masked?.Mask, height, width)).ToArray();
        var channels = cat([encoded, tensor(masks, [inputs.Count, 1, height, width])], dim: 1);
        return new Condition(Channels: channels.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override ConditionInput Take(ConditionInput into, ConditionInput from) => into with { Masked = from.Masked };

    /// <inheritdoc/>
    protected override LatentSize? SizeOf(ConditionInput input) =>
        input.Masked?.Mask is { } mask
            ? LatentSize.OfImage(mask.Height, mask.Width, _firstStage.DownsamplingFactor)
            : null;

    /// <inheritdoc/>
    protected override string? ProblemWithPart(ConditionInput input, int height, int width) =>
        input.Masked?.Mask is not { } mask ? "The model fills holes in images: give it an image with a mask."
        : (mask.Height, mask.Width) != (height, width)
            ? $"The image to fill has {mask.Width}x{mask.Height} pixels, the image to draw {width}x{height}: make them equal."
        : null;

    /// <inheritdoc/>
    protected override bool Has(ConditionInput input) => input.Masked is not null;

    private static float[] MaskOf(InpaintingMask? mask, int height, int width)
    {
        if (mask is not null)
        {
            return mask.Nearest(width, height).ToModelInput();
        }

        var hole = new float[height * width];
        Array.Fill(hole, 1);
        return hole;
    }
}
