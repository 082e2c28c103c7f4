using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>
/// One vector from a feature map: attention of all positions and their mean to each other, of which the mean's result is
/// taken (Radford et al. 2021).
/// </summary>
internal sealed class AttentionPooling : ExplicitModule<Tensor, Tensor>
{
    // The name lets to() put the converted parameter into this field.
    [ComponentName(Name = "positional_embedding")]
    private readonly Parameter _positions;
    private readonly LinearLayer _qkv;
    private readonly LinearLayer _projection;
    private readonly int _heads;

    /// <param name="size">Side of the map.</param>
    /// <param name="channels">Channels of the map.</param>
    /// <param name="headChannels">Channels per attention head; divides <paramref name="channels"/>.</param>
    /// <param name="output">Length of the vector.</param>
    public AttentionPooling(int size, int channels, int headChannels, int output)
        : base(nameof(AttentionPooling))
    {
        _heads = channels / headChannels;
        _positions = nn.Parameter(
            randn([channels, size * size + 1], device: MetaDevice.Current).div(Scalars.Of(Math.Sqrt(channels)))
        );
        _qkv = new LinearLayer(channels, 3 * channels, pointwise: true);
        _projection = new LinearLayer(channels, output, pointwise: true);
        register_parameter("positional_embedding", _positions);
        register_module("qkv_proj", _qkv);
        register_module("c_proj", _projection);
    }

    /// <param name="input">[B, channels, size, size].</param>
    /// <returns>[B, output].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var (batch, channels) = (input.shape[0], input.shape[1]);
        var positions = input.reshape(batch, channels, -1);
        var all = cat([positions.mean([-1], keepdim: true), positions], dim: -1).Plus(_positions);
        var qkv = _qkv.forward(all.transpose(1, 2).contiguous());
        var split = qkv.reshape(batch, -1, 3, _heads, channels / _heads).permute(2, 0, 3, 1, 4);
        var attended = Layer.Attention(split[0], split[1], split[2]);
        var mean = attended.transpose(1, 2).reshape(batch, -1, channels)[TensorIndex.Colon, 0];
        return _projection.forward(mean.contiguous()).MoveToOuterDisposeScope();
    }
}
