using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>The middle of encoder and decoder, at the latent's resolution: block, attention, block.</summary>
internal sealed class AutoencoderMiddle : ExplicitModule<Tensor, Tensor>
{
    private readonly ResnetBlock _block1;
    private readonly nn.Module<Tensor, Tensor>? _attention;
    private readonly ResnetBlock _block2;

    public AutoencoderMiddle(AutoencoderConfig config, int channels)
        : base(nameof(AutoencoderMiddle))
    {
        _block1 = new ResnetBlock(channels, channels, config);
        _attention = CreateAttention(config, channels);
        _block2 = new ResnetBlock(channels, channels, config);
        register_module("block_1", _block1);
        if (_attention is not null)
        {
            register_module("attn_1", _attention);
        }

        register_module("block_2", _block2);
    }

    /// <summary>The layers in the order in which they run.</summary>
    public IEnumerable<nn.Module<Tensor, Tensor>> Layers =>
        _attention is null ? [_block1, _block2] : [_block1, _attention, _block2];

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var h = _block1.forward(input);
        if (_attention is not null)
        {
            h = h.Then(_attention.forward);
        }

        return h.Then(_block2.forward).MoveToOuterDisposeScope();
    }

    /// <summary>Creates the attention layer of a kind, or null for none.</summary>
    internal static nn.Module<Tensor, Tensor>? CreateAttention(AutoencoderConfig config, int channels) =>
        config.Attention switch
        {
            AttentionType.Vanilla => new SpatialAttention(channels, config.NormGroups),
            AttentionType.Linear => new LinearAttention(channels),
            _ => null,
        };
}
