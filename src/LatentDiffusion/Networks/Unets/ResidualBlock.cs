using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>How a <see cref="ResidualBlock"/> changes the resolution on its way.</summary>
internal enum Resampling
{
    None,
    Down,
    Up,
}

/// <summary>
/// The UNet's residual block: two 3x3 convolutions with the timestep embedding added, or scaling and shifting, between them.
/// </summary>
internal sealed class ResidualBlock : ExplicitModule<Tensor, Tensor, Tensor>
{
    private readonly GroupNormalization _inNorm;
    private readonly ConvolutionLayer _inConv;
    private readonly LinearLayer _embedding;
    private readonly GroupNormalization _outNorm;
    private readonly Dropout? _dropout;
    private readonly ConvolutionLayer _outConv;
    private readonly ConvolutionLayer? _skip;
    private readonly bool _scaleShift;
    private readonly Resampling _resampling;

    public ResidualBlock(
        int inChannels,
        int outChannels,
        int embeddingChannels,
        double dropout,
        bool scaleShift,
        Resampling resampling = Resampling.None
    )
        : base(nameof(ResidualBlock))
    {
        _scaleShift = scaleShift;
        _resampling = resampling;
        _inNorm = new GroupNormalization(inChannels, GroupNormalization.UnetEpsilon);
        _inConv = Layer.Convolution3x3(inChannels, outChannels);
        _embedding = new LinearLayer(embeddingChannels, scaleShift ? 2 * outChannels : outChannels);
        _outNorm = new GroupNormalization(outChannels, GroupNormalization.UnetEpsilon);
        _outConv = Layer.ZeroInitialised(Layer.Convolution3x3(outChannels, outChannels));
        register_module("in_layers", new KeyGroup(("0", _inNorm), ("2", _inConv)));
        register_module("emb_layers", new KeyGroup(("1", _embedding)));
        register_module("out_layers", new KeyGroup(("0", _outNorm), ("3", _outConv)));
        if (dropout > 0)
        {
            _dropout = nn.Dropout(dropout);
            register_module("dropout", _dropout);
        }

        if (inChannels != outChannels)
        {
            _skip = Layer.Convolution1x1(inChannels, outChannels);
            register_module("skip_connection", _skip);
        }
    }

    /// <param name="x">[B, in, H, W].</param>
    /// <param name="embedding">SiLU of the timestep embedding, [B, embedding channels].</param>
    /// <returns>[B, out, H', W'].</returns>
    public override Tensor forward(Tensor x, Tensor embedding)
    {
        using var scope = NewDisposeScope();
        var h = _inNorm.ForwardSilu(x);
        var skip = x;
        if (_resampling != Resampling.None)
        {
            h = h.Then(Resample);
            skip = Resample(x);
        }

        h = h.Then(_inConv.forward);
        var modulation = _embedding.forward(embedding).unsqueeze(-1).unsqueeze(-1);
        if (_scaleShift)
        {
            var parts = modulation.chunk(2, dim: 1);
            h = h.Then(_outNorm.forward)
                .Then(n => n.mul(parts[0].add(Scalars.Of(1))))
                .Then(n => n.Plus(parts[1]))
                .Then(n => nn.functional.silu(n));
        }
        else
        {
            h = h.Then(x => Layer.AddOver(x, modulation)).Then(_outNorm.ForwardSiluOver);
        }

        if (_dropout is not null)
        {
            h = h.Then(_dropout.forward);
        }

        var result = _skip is null ? _outConv.ForwardWithResidual(h, skip) : _outConv.AddTo(h, _skip.forward(skip));
        return result.MoveToOuterDisposeScope();
    }

    private Tensor Resample(Tensor x) => _resampling == Resampling.Up ? Layer.UpsampleNearest(x) : Layer.AveragePool(x);
}
