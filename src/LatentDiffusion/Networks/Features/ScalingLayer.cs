using LatentDiffusion.Networks.Layers;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>Turns images in [-1, 1] into what torchvision's networks were trained on: ImageNet's mean 0 and deviation 1.</summary>
internal sealed class ScalingLayer : ExplicitModule<Tensor, Tensor>
{
    private static readonly float[] Shift = [-0.030f, -0.088f, -0.188f];
    private static readonly float[] Scale = [0.458f, 0.448f, 0.450f];

    // The names let to() put the converted buffers into these fields.
    [ComponentName(Name = "shift")]
    private readonly Tensor _shift;

    [ComponentName(Name = "scale")]
    private readonly Tensor _scale;

    public ScalingLayer()
        : base(nameof(ScalingLayer))
    {
        _shift = tensor(Shift, [1, 3, 1, 1]);
        _scale = tensor(Scale, [1, 3, 1, 1]);
        register_buffer("shift", _shift);
        register_buffer("scale", _scale);
        this.OwnWeights();
    }

    /// <param name="input">[B, 3, H, W] in [-1, 1].</param>
    public override Tensor forward(Tensor input)
    {
        using var shifted = input.sub(_shift);
        return shifted.div(_scale);
    }
}
