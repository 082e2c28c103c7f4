using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>Attention whose cost grows linearly with the number of positions; softmax over the keys only.</summary>
/// <remarks>As in the reference it has neither norm nor residual connection.</remarks>
internal sealed class LinearAttention : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer _qkv;
    private readonly ConvolutionLayer _output;

    public LinearAttention(int channels)
        : base(nameof(LinearAttention))
    {
        _qkv = Layer.Convolution1x1(channels, 3 * channels, bias: false);
        _output = Layer.Convolution1x1(channels, channels);
        register_module("to_qkv", _qkv);
        register_module("to_out", _output);
    }

    /// <param name="input">[B, C, H, W].</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var parts = _qkv.forward(input).flatten(2).chunk(3, dim: 1);
        var (query, key, value) = (parts[0], parts[1].softmax(-1), parts[2]);
        var context = bmm(key, value.transpose(1, 2));
        var attended = bmm(context.transpose(1, 2), query).reshape(input.shape);
        return _output.forward(attended).MoveToOuterDisposeScope();
    }
}
