using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>Images to latent features, f times smaller per side.</summary>
internal sealed class Encoder : ExplicitModule<Tensor, Tensor>, ILayerChain
{
    private readonly ConvolutionLayer _in;
    private readonly AutoencoderLevel[] _levels;
    private readonly AutoencoderMiddle _middle;

    /// <param name="config">The architecture.</param>
    /// <param name="outChannels">z_channels, or twice that for the moments of a KL autoencoder.</param>
    public Encoder(AutoencoderConfig config, int outChannels)
        : base(nameof(Encoder))
    {
        Channels = config.Channels;
        _in = Layer.Convolution3x3(config.ImageChannels, config.Channels);
        _levels = [.. BuildLevels(config)];
        var deepest = config.Channels * config.ChannelMult[^1];
        _middle = new AutoencoderMiddle(config, deepest);
        OutNorm = new GroupNormalization(deepest, GroupNormalization.AutoencoderEpsilon, config.NormGroups);
        Out = Layer.Convolution3x3(deepest, outChannels);
        register_module("conv_in", _in);
        register_module("down", KeyGroup.List(_levels));
        register_module("mid", _middle);
        register_module("norm_out", OutNorm);
        register_module("conv_out", Out);
    }

    /// <inheritdoc/>
    public int Channels { get; }

    /// <inheritdoc/>
    public IEnumerable<nn.Module<Tensor, Tensor>> Layers =>
        [_in, .. _levels.SelectMany(level => level.Layers), .. _middle.Layers];

    /// <inheritdoc/>
    public GroupNormalization OutNorm { get; }

    /// <inheritdoc/>
    public ConvolutionLayer Out { get; }

    /// <param name="input">Images [B, C, H, W] in [-1,1].</param>
    /// <returns>[B, out, H/f, W/f].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var h = _in.forward(input);
        foreach (var layer in _levels.SelectMany(level => level.Layers))
        {
            h = h.Then(layer.forward);
        }

        return h.Then(_middle.forward).Then(OutNorm.ForwardSilu).Then(Out.forward).MoveToOuterDisposeScope();
    }

    private static IEnumerable<AutoencoderLevel> BuildLevels(AutoencoderConfig config)
    {
        var channels = config.Channels;
        for (var i = 0; i < config.ChannelMult.Count; i++)
        {
            var output = config.Channels * config.ChannelMult[i];
            yield return new AutoencoderLevel(
                config,
                channels,
                output,
                config.NumResBlocks,
                config.Resolution >> i,
                i == config.ChannelMult.Count - 1 ? null : ("downsample", () => new Downsample(output))
            );
            channels = output;
        }
    }
}
