using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>The autoencoder's residual block: norm, SiLU, 3x3 convolution, twice.</summary>
internal sealed class ResnetBlock : ExplicitModule<Tensor, Tensor>, ICheckpointedBlock
{
    private readonly GroupNormalization _norm1;
    private readonly ConvolutionLayer _conv1;
    private readonly GroupNormalization _norm2;
    private readonly Dropout? _dropout;
    private readonly ConvolutionLayer _conv2;
    private readonly ConvolutionLayer? _shortcut;

    public ResnetBlock(int inChannels, int outChannels, double dropout)
        : base(nameof(ResnetBlock))
    {
        _norm1 = new GroupNormalization(inChannels, GroupNormalization.AutoencoderEpsilon);
        _conv1 = Layer.Convolution3x3(inChannels, outChannels);
        _norm2 = new GroupNormalization(outChannels, GroupNormalization.AutoencoderEpsilon);
        _conv2 = Layer.Convolution3x3(outChannels, outChannels);
        register_module("norm1", _norm1);
        register_module("conv1", _conv1);
        register_module("norm2", _norm2);
        if (dropout > 0)
        {
            _dropout = nn.Dropout(dropout);
            register_module("dropout", _dropout);
        }

        register_module("conv2", _conv2);
        if (inChannels != outChannels)
        {
            _shortcut = Layer.Convolution1x1(inChannels, outChannels);
            register_module("nin_shortcut", _shortcut);
        }
    }

    public bool RecomputesActivations { get; set; }

    /// <param name="input">[B, in, H, W].</param>
    /// <returns>[B, out, H, W].</returns>
    public override Tensor forward(Tensor input) =>
        RecomputesActivations ? GradientCheckpointing.Run(inputs => Run(inputs[0]!), input) : Run(input);

    /// <summary><see cref="forward"/> that may overwrite its input, where gradients allow it.</summary>
    /// <param name="input">[B, in, H, W]; not to be read afterwards.</param>
    /// <returns>[B, out, H, W].</returns>
    public Tensor ForwardOver(Tensor input) => RecomputesActivations ? forward(input) : Run(input, overwrite: true);

    private Tensor Run(Tensor input, bool overwrite = false)
    {
        using var scope = NewDisposeScope();
        var skip = _shortcut?.forward(input);
        var normalized = overwrite && skip is not null ? _norm1.ForwardSiluOver(input) : _norm1.ForwardSilu(input);
        var h = normalized.Then(_conv1.forward).Then(_norm2.ForwardSiluOver);
        if (_dropout is not null)
        {
            h = h.Then(_dropout.forward);
        }

        var result = skip is null ? _conv2.ForwardWithResidual(h, input) : _conv2.AddTo(h, skip);
        return result.MoveToOuterDisposeScope();
    }
}
