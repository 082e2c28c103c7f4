using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>The blocks of one resolution: residual blocks, attention after each where wanted, then a resampling.</summary>
internal sealed class AutoencoderLevel : ExplicitModule
{
    private readonly List<nn.Module<Tensor, Tensor>> _layers = [];

    /// <param name="config">Kind and places of attention, dropout.</param>
    /// <param name="input">Channels that come in.</param>
    /// <param name="output">Channels of every block.</param>
    /// <param name="blocks">Number of residual blocks.</param>
    /// <param name="resolution">The level's nominal resolution, which decides on attention.</param>
    /// <param name="resampler">Name and maker of the resampling at the end, or null at the last level.</param>
    public AutoencoderLevel(
        AutoencoderConfig config,
        int input,
        int output,
        int blocks,
        int resolution,
        (string Name, Func<nn.Module<Tensor, Tensor>> Create)? resampler
    )
        : base(nameof(AutoencoderLevel))
    {
        List<nn.Module> residual = [];
        List<nn.Module> attention = [];
        for (var i = 0; i < blocks; i++)
        {
            residual.Add(Append(new ResnetBlock(i == 0 ? input : output, output, config)));
            if (
                config.AttentionResolutions.Contains(resolution)
                && AutoencoderMiddle.CreateAttention(config, output) is { } layer
            )
            {
                attention.Add(Append(layer));
            }
        }

        register_module("block", KeyGroup.List(residual));
        if (attention.Count > 0)
        {
            register_module("attn", KeyGroup.List(attention));
        }

        if (resampler is { } end)
        {
            register_module(end.Name, Append(end.Create()));
        }
    }

    /// <summary>The blocks in the order in which they run; encoder and decoder run them, so that each frees the last one's map.</summary>
    public IReadOnlyList<nn.Module<Tensor, Tensor>> Layers => _layers;

    private nn.Module<Tensor, Tensor> Append(nn.Module<Tensor, Tensor> layer)
    {
        _layers.Add(layer);
        return layer;
    }
}
