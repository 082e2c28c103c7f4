using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>The autoencoder's residual block: norm, SiLU, 3x3 convolution, twice.</summary>
internal sealed class ResnetBlock : ExplicitModule<Tensor, Tensor>, ICheckpointedBlock
{
    private readonly ConvolutionLayer _conv1;
    private readonly Dropout? _dropout;
    private readonly ConvolutionLayer _conv2;
    private readonly ConvolutionLayer? _shortcut;

    public ResnetBlock(int inChannels, int outChannels, AutoencoderConfig config)
        : base(nameof(ResnetBlock))
    {
        Norm1 = new GroupNormalization(inChannels, GroupNormalization.AutoencoderEpsilon, config.NormGroups);
        _conv1 = Layer.Convolution3x3(inChannels, outChannels);
        Norm2 = new GroupNormalization(outChannels, GroupNormalization.AutoencoderEpsilon, config.NormGroups);
        _conv2 = Layer.Convolution3x3(outChannels, outChannels);
        register_module("norm1", Norm1);
        register_module("conv1", _conv1);
        register_module("norm2", Norm2);
        if (config.Dropout > 0)
        {
            _dropout = nn.Dropout(config.Dropout);
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

    /// <summary>The first normalisation, of the input.</summary>
    public GroupNormalization Norm1 { get; }

    /// <summary>The second normalisation, of what <see cref="Hidden"/> returns.</summary>
    public GroupNormalization Norm2 { get; }

    /// <summary>Channels of the result.</summary>
    public long Channels => _conv2.Weight.shape[0];

    /// <param name="input">[B, in, H, W].</param>
    /// <returns>[B, out, H, W].</returns>
    public override Tensor forward(Tensor input) =>
        RecomputesActivations ? GradientCheckpointing.Run(inputs => Run(inputs[0]!), input) : Run(input);

    /// <summary><see cref="forward"/> that may overwrite its input, where gradients allow it.</summary>
    /// <param name="input">[B, in, H, W]; not to be read afterwards.</param>
    /// <returns>[B, out, H, W].</returns>
    public Tensor ForwardOver(Tensor input) => RecomputesActivations ? forward(input) : Run(input, overwrite: true);

    /// <summary>The first half of <see cref="forward"/>, up to the second normalisation.</summary>
    /// <param name="input">[B, in, H, W].</param>
    /// <returns>[B, out, H, W].</returns>
    public Tensor Hidden(Tensor input) => Norm1.ForwardSilu(input).Then(_conv1.forward);

    /// <summary>The second half of <see cref="forward"/>; may overwrite both inputs.</summary>
    /// <param name="hidden">What <see cref="Hidden"/> returned; not to be read afterwards.</param>
    /// <param name="input">[B, in, H, W]; not to be read afterwards.</param>
    /// <returns>[B, out, H, W].</returns>
    public Tensor Finish(Tensor hidden, Tensor input)
    {
        using var scope = NewDisposeScope();
        var skip = _shortcut?.forward(input);
        return Finish(Norm2.ForwardSiluOver(hidden), input, skip).MoveToOuterDisposeScope();
    }

    private Tensor Run(Tensor input, bool overwrite = false)
    {
        using var scope = NewDisposeScope();
        var skip = _shortcut?.forward(input);
        var normalized = overwrite && skip is not null ? Norm1.ForwardSiluOver(input) : Norm1.ForwardSilu(input);
        var h = normalized.Then(_conv1.forward).Then(Norm2.ForwardSiluOver);
        return Finish(h, input, skip).MoveToOuterDisposeScope();
    }

    private Tensor Finish(Tensor normalized, Tensor input, Tensor? skip)
    {
        var h = _dropout is null ? normalized : normalized.Then(_dropout.forward);
        return skip is null ? _conv2.ForwardWithResidual(h, input) : _conv2.AddTo(h, skip);
    }
}
