using LatentDiffusion.Data.Masks;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>
/// Puts encoded images with covered holes and their masks beside the latents (LDM section 4.5). The mask is 1 in holes; the
/// masks of samplers that blend have the opposite sense.
/// </summary>
public sealed class InpaintingConditioner : SingleConditioner
{
    private const float Black = -1;
    private const float MidGrey = 0;

    private readonly FirstStage _firstStage;
    private readonly Func<double> _scale;
    private readonly bool _isOfStableDiffusion;

    /// <summary>Creates the conditioner, which has no weights of its own.</summary>
    /// <param name="config">How often it is dropped, and what the model sees.</param>
    /// <param name="firstStage">The model's first stage; borrowed.</param>
    /// <param name="scale">The model's scale factor, which training may change; null for 1.</param>
    public InpaintingConditioner(InpaintingConfig config, FirstStage firstStage, Func<double>? scale = null)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        (_firstStage, _scale) = (firstStage, scale ?? (() => 1));
        _isOfStableDiffusion = config.Convention == InpaintingConvention.StableDiffusion;
    }

    /// <inheritdoc/>
    public override nn.Module? Network => null;

    /// <inheritdoc/>
    public override Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null)
    {
        var (height, width) = SizeFor(inputs, size);
        var factor = _firstStage.DownsamplingFactor;
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var encoded = _firstStage.ModeOfLatents(_firstStage.Encode(Covered(inputs, height * factor, width * factor)));
        var holes = inputs.SelectMany(input => MaskOf(input.Masked?.Mask, height, width)).ToArray();
        var masks = tensor(holes, [inputs.Count, 1, height, width]);
        var channels = _isOfStableDiffusion
            ? cat([masks.clamp_min(Scalars.Of(0)), encoded.mul(Scalars.Of(_scale()))], dim: 1)
            : cat([encoded, masks], dim: 1);
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

    private Tensor Covered(IReadOnlyList<ConditionInput> inputs, int height, int width)
    {
        if (!_isOfStableDiffusion)
        {
            return PlanarImages.Stack([.. inputs.Select(i => i.Masked?.Erased)], height, width, missing: Black);
        }

        var images = PlanarImages.Stack([.. inputs.Select(i => i.Masked?.Image)], height, width, missing: MidGrey);
        var kept = inputs.SelectMany(i => i.Masked?.Mask.ToKeep() ?? new float[height * width]).ToArray();
        return images.mul_(tensor(kept, [inputs.Count, 1, height, width]));
    }

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
