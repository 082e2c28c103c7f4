using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>The blocks of one resolution: residual blocks, attention after each where wanted, then a resampling.</summary>
internal sealed class AutoencoderLevel : ExplicitModule<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor>[] _layers;

    /// <param name="blocks">Residual blocks, in order.</param>
    /// <param name="attention">One attention per block, or none at all.</param>
    /// <param name="resampler">Name and layer of the resampling at the end, or null at the last level.</param>
    public AutoencoderLevel(
        IReadOnlyList<ResnetBlock> blocks,
        IReadOnlyList<nn.Module<Tensor, Tensor>> attention,
        (string Name, nn.Module<Tensor, Tensor> Layer)? resampler
    )
        : base(nameof(AutoencoderLevel))
    {
        List<nn.Module<Tensor, Tensor>> layers = [];
        for (var i = 0; i < blocks.Count; i++)
        {
            layers.Add(blocks[i]);
            if (attention.Count > 0)
            {
                layers.Add(attention[i]);
            }
        }

        register_module("block", KeyGroup.List(blocks));
        if (attention.Count > 0)
        {
            register_module("attn", KeyGroup.List(attention));
        }

        if (resampler is { } end)
        {
            layers.Add(end.Layer);
            register_module(end.Name, end.Layer);
        }

        _layers = [.. layers];
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var h = input;
        foreach (var layer in _layers)
        {
            using var previous = ReferenceEquals(h, input) ? null : h;
            h = layer.forward(h);
        }

        return h.MoveToOuterDisposeScope();
    }
}
