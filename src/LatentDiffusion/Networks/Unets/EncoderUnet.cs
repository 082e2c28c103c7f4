using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>
/// The way down of a <see cref="Unet"/> with a classifying head: a classifier of noisy latents that knows the timestep
/// (ADM's EncoderUNetModel), whose gradient can guide sampling. State-dict names are the reference's.
/// </summary>
public sealed class EncoderUnet : ExplicitModule
{
    private const int HiddenChannels = 2048;

    private readonly LinearLayer _timeIn;
    private readonly LinearLayer _timeOut;
    private readonly UnetStage[] _inputBlocks;
    private readonly UnetStage _middleBlock;
    private readonly Func<Tensor, Tensor> _head;

    /// <summary>Builds the network with PyTorch's default initial weights.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Classes, or whatever is predicted.</param>
    /// <param name="size">Height and width of the input; only attention pooling depends on it.</param>
    /// <exception cref="ArgumentException">The configuration contradicts itself, or the size does not suit it.</exception>
    public EncoderUnet(EncoderUnetConfig config, int inChannels, int outChannels, int size)
        : base(nameof(EncoderUnet))
    {
        ArgumentNullException.ThrowIfNull(config);
        using var scope = NewDisposeScope();
        (Config, InChannels, OutChannels, Size) = (config, inChannels, outChannels, size);
        if (size % SizeMultiple != 0)
        {
            throw new ArgumentException(
                $"The classifier's input is {size} wide, which is no multiple of {SizeMultiple}."
            );
        }

        var embedding = 4 * config.ModelChannels;
        _timeIn = new LinearLayer(config.ModelChannels, embedding);
        _timeOut = new LinearLayer(embedding, embedding);
        register_module("time_embed", new KeyGroup(("0", _timeIn), ("2", _timeOut)));
        var topology = new UnetTopology(config.Layout(inChannels));
        _inputBlocks = [.. topology.BuildInputBlocks()];
        _middleBlock = topology.BuildMiddleBlock();
        register_module("input_blocks", KeyGroup.List(_inputBlocks));
        register_module("middle_block", _middleBlock);
        _head = config.Pool is EncoderPooling.Spatial or EncoderPooling.SpatialV2
            ? HeadOfMeans(topology.ChannelsOnTheWay)
            : HeadOfMap(topology.Channels);
        this.OwnWeights();
    }

    /// <summary>The architecture.</summary>
    public EncoderUnetConfig Config { get; }

    /// <summary>Channels of the input.</summary>
    public int InChannels { get; }

    /// <summary>Length of the output.</summary>
    public int OutChannels { get; }

    /// <summary>Height and width of the input that attention pooling was built for.</summary>
    public int Size { get; }

    private int SizeMultiple => 1 << (Config.ChannelMult.Count - 1);

    private bool PoolsMeans => Config.Pool is EncoderPooling.Spatial or EncoderPooling.SpatialV2;

    /// <summary>Classifies noisy latents.</summary>
    /// <param name="x">[B, in channels, H, W].</param>
    /// <param name="timesteps">[B], 0 to T - 1.</param>
    /// <returns>Logits [B, out channels].</returns>
    /// <exception cref="ArgumentException">The shape does not fit the architecture.</exception>
    public Tensor Forward(Tensor x, Tensor timesteps)
    {
        CheckInput(x);
        using var scope = NewDisposeScope();
        var sinusoids = TimestepEmbedding.Sinusoidal(timesteps, Config.ModelChannels).to(_timeIn.Weight.dtype);
        var embedding = nn.functional.silu(_timeOut.forward(nn.functional.silu(_timeIn.forward(sinusoids))));
        List<Tensor> means = [];
        var h = x;
        foreach (var stage in _inputBlocks.Append(_middleBlock))
        {
            h = stage.Forward(h, embedding, context: null);
            if (PoolsMeans)
            {
                means.Add(h.mean([2, 3]));
            }
        }

        return _head(PoolsMeans ? cat(means, dim: 1) : h).MoveToOuterDisposeScope();
    }

    private Func<Tensor, Tensor> HeadOfMap(int channels)
    {
        var norm = new GroupNormalization(channels, GroupNormalization.UnetEpsilon);
        if (Config.Pool == EncoderPooling.Attention)
        {
            var pooling = new AttentionPooling(Size / SizeMultiple, channels, Config.NumHeadChannels, OutChannels);
            register_module("out", new KeyGroup(("0", norm), ("2", pooling)));
            return map => pooling.forward(norm.ForwardSilu(map));
        }

        var convolution = Layer.ZeroInitialised(Layer.Convolution1x1(channels, OutChannels));
        register_module("out", new KeyGroup(("0", norm), ("3", convolution)));
        return map => convolution.forward(norm.ForwardSilu(map).mean([2, 3], keepdim: true)).flatten(1);
    }

    private Func<Tensor, Tensor> HeadOfMeans(int channels)
    {
        var hidden = new LinearLayer(channels, HiddenChannels);
        var output = new LinearLayer(HiddenChannels, OutChannels);
        if (Config.Pool == EncoderPooling.Spatial)
        {
            register_module("out", new KeyGroup(("0", hidden), ("2", output)));
            return means => output.forward(nn.functional.relu(hidden.forward(means)));
        }

        var norm = new GroupNormalization(HiddenChannels, GroupNormalization.UnetEpsilon);
        register_module("out", new KeyGroup(("0", hidden), ("1", norm), ("3", output)));
        return means => output.forward(norm.ForwardSilu(hidden.forward(means)));
    }

    private void CheckInput(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.dim() != 4 || x.shape[1] != InChannels)
        {
            throw new ArgumentException(
                $"The classifier takes [B, {InChannels}, H, W], not [{string.Join(", ", x.shape)}]."
            );
        }

        var fits =
            Config.Pool == EncoderPooling.Attention
                ? x.shape[2] == Size && x.shape[3] == Size
                : x.shape[2] % SizeMultiple == 0 && x.shape[3] % SizeMultiple == 0;
        if (!fits)
        {
            throw new ArgumentException(
                $"Height and width must be {(Config.Pool == EncoderPooling.Attention ? $"{Size}" : $"multiples of {SizeMultiple}")}"
                    + $", not {x.shape[2]} and {x.shape[3]}."
            );
        }
    }
}
