using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>How <see cref="SpatialRescaler"/> finds values between pixels; no antialiasing in any.</summary>
public enum RescaleMethod
{
    /// <summary>Two pixels per axis.</summary>
    Bilinear,

    /// <summary>One pixel.</summary>
    Nearest,

    /// <summary>Four pixels per axis.</summary>
    Bicubic,

    /// <summary>The mean over the covered area.</summary>
    Area,
}

/// <summary>
/// Brings a map to the latent's size in several steps and mixes its channels, so that a one-hot map of many classes becomes
/// a few channels beside the latent (LDM section 4.3.2).
/// </summary>
public sealed class SpatialRescaler : ExplicitModule<Tensor, Tensor>
{
    private readonly int _stages;
    private readonly double _factor;
    private readonly InterpolationMode _mode;
    private readonly ConvolutionLayer? _mapper;

    /// <summary>Creates the network.</summary>
    /// <param name="stages">How often the map is scaled, 0 or more.</param>
    /// <param name="inputChannels">Channels of the map.</param>
    /// <param name="outputChannels">Channels of the result; null leaves channels alone and the network without weights.</param>
    /// <param name="method">How it is scaled.</param>
    /// <param name="factor">Scale of each step, above 0.</param>
    /// <param name="bias">Whether mixing adds a constant.</param>
    public SpatialRescaler(
        int stages,
        int inputChannels,
        int? outputChannels = null,
        RescaleMethod method = RescaleMethod.Bilinear,
        double factor = 0.5,
        bool bias = false
    )
        : base(nameof(SpatialRescaler))
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stages);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        (_stages, _factor) = (stages, factor);
        _mode = method switch
        {
            RescaleMethod.Bilinear => InterpolationMode.Bilinear,
            RescaleMethod.Nearest => InterpolationMode.Nearest,
            RescaleMethod.Bicubic => InterpolationMode.Bicubic,
            RescaleMethod.Area => InterpolationMode.Area,
            _ => throw new ArgumentOutOfRangeException(nameof(method)),
        };
        if (outputChannels is { } channels)
        {
            _mapper = Layer.Convolution1x1(inputChannels, channels, bias);
            register_module("channel_mapper", _mapper);
        }
    }

    /// <inheritdoc/>
    /// <param name="input">[B, input channels, H, W], for example one-hot.</param>
    /// <returns>[B, output channels, H', W'] with H' = H * factor^stages, rounded down at each step.</returns>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var scope = NewDisposeScope();
        var map = input.alias();
        for (var i = 0; i < _stages; i++)
        {
            map = map.Then(m => nn.functional.interpolate(m, scale_factor: [_factor, _factor], mode: _mode));
        }

        return (_mapper is null ? map : _mapper.forward(map)).MoveToOuterDisposeScope();
    }
}
