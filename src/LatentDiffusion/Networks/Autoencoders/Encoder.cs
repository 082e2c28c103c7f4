using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>Images to latent features, f times smaller per side.</summary>
internal sealed class Encoder : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer _in;
    private readonly AutoencoderLevel[] _levels;
    private readonly AutoencoderMiddle _middle;
    private readonly GroupNormalization _outNorm;
    private readonly ConvolutionLayer _out;

    /// <param name="config">The architecture.</param>
    /// <param name="outChannels">z_channels, or twice that for the moments of a KL autoencoder.</param>
    public Encoder(AutoencoderConfig config, int outChannels)
        : base(nameof(Encoder))
    {
        _in = Layer.Convolution3x3(config.ImageChannels, config.Channels);
        _levels = [.. BuildLevels(config)];
        var deepest = config.Channels * config.ChannelMult[^1];
        _middle = new AutoencoderMiddle(deepest, config.Attention, config.Dropout);
        _outNorm = new GroupNormalization(deepest, GroupNormalization.AutoencoderEpsilon);
        _out = Layer.Convolution3x3(deepest, outChannels);
        register_module("conv_in", _in);
        register_module("down", KeyGroup.List(_levels));
        register_module("mid", _middle);
        register_module("norm_out", _outNorm);
        register_module("conv_out", _out);
    }

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

        return h.Then(_middle.forward).Then(_outNorm.ForwardSilu).Then(_out.forward).MoveToOuterDisposeScope();
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
