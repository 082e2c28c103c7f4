using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>Latent features to images, f times larger per side.</summary>
internal sealed class Decoder : ExplicitModule<Tensor, Tensor>, ILayerChain
{
    private readonly ConvolutionLayer _in;
    private readonly AutoencoderMiddle _middle;
    private readonly AutoencoderLevel[] _levels;

    public Decoder(AutoencoderConfig config)
        : base(nameof(Decoder))
    {
        var deepest = config.Channels * config.ChannelMult[^1];
        _in = Layer.Convolution3x3(config.ZChannels, deepest);
        _middle = new AutoencoderMiddle(config, deepest);
        _levels = BuildLevels(config);
        Channels = config.Channels * config.ChannelMult[0];
        OutNorm = new GroupNormalization(Channels, GroupNormalization.AutoencoderEpsilon, config.NormGroups);
        Out = Layer.Convolution3x3(Channels, config.ImageChannels);
        register_module("conv_in", _in);
        register_module("mid", _middle);
        register_module("up", KeyGroup.List(_levels));
        register_module("norm_out", OutNorm);
        register_module("conv_out", Out);
    }

    /// <inheritdoc/>
    public int Channels { get; }

    /// <inheritdoc/>
    public IEnumerable<nn.Module<Tensor, Tensor>> Layers =>
        [_in, .. _middle.Layers, .. Enumerable.Reverse(_levels).SelectMany(level => level.Layers)];

    /// <inheritdoc/>
    public GroupNormalization OutNorm { get; }

    /// <summary>The last layer; adversarial training weighs its losses by their gradients here.</summary>
    public ConvolutionLayer Out { get; }

    /// <param name="input">[B, z channels, h, w].</param>
    /// <returns>Images [B, C, f h, f w], about [-1,1].</returns>
    public override Tensor forward(Tensor input) => Features(input).Then(Out.forward);

    /// <summary>What the last layer makes an image of.</summary>
    /// <param name="input">[B, z channels, h, w].</param>
    /// <returns>[B, channels, f h, f w].</returns>
    public Tensor Features(Tensor input)
    {
        using var scope = NewDisposeScope();
        var h = _in.forward(input).Then(_middle.forward);
        foreach (var layer in Enumerable.Reverse(_levels).SelectMany(level => level.Layers))
        {
            h = h.Then(layer is ResnetBlock block ? block.ForwardOver : layer.forward);
        }

        return h.Then(OutNorm.ForwardSiluOver).MoveToOuterDisposeScope();
    }

    // Index 0 is full resolution, although the levels run from the last to the first: the published names count so.
    private static AutoencoderLevel[] BuildLevels(AutoencoderConfig config)
    {
        var levels = new AutoencoderLevel[config.ChannelMult.Count];
        var channels = config.Channels * config.ChannelMult[^1];
        for (var i = levels.Length - 1; i >= 0; i--)
        {
            var output = config.Channels * config.ChannelMult[i];
            levels[i] = new AutoencoderLevel(
                config,
                channels,
                output,
                config.NumResBlocks + 1,
                config.Resolution >> i,
                i == 0 ? null : ("upsample", () => new Upsample(output))
            );
            channels = output;
        }

        return levels;
    }
}
