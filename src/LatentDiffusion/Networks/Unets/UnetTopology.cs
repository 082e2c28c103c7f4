using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>Lays out the UNet's blocks level by level and keeps track of the channels of the skip connections.</summary>
internal sealed class UnetTopology
{
    private readonly UnetConfig _config;
    private readonly int _embedding;
    private readonly Stack<int> _skipChannels = new();
    private int _channels;
    private int _factor = 1;

    public UnetTopology(UnetConfig config)
    {
        Check(config);
        _config = config;
        _embedding = 4 * config.ModelChannels;
        _channels = config.ModelChannels;
    }

    /// <summary>Channels of the stage that was built last.</summary>
    public int Channels => _channels;

    /// <summary>Channels of all stages that were built on the way down, and of the middle, together.</summary>
    public int ChannelsOnTheWay => _skipChannels.Sum() + _channels;

    private int LastLevel => _config.ChannelMult.Count - 1;

    public IEnumerable<UnetStage> BuildInputBlocks()
    {
        yield return Remember(new UnetStage(Layer.Convolution3x3(_config.InChannels, _config.ModelChannels)));
        for (var level = 0; level <= LastLevel; level++)
        {
            for (var block = 0; block < _config.NumResBlocks; block++)
            {
                List<nn.Module> layers = [Residual(_channels, _config.ChannelMult[level] * _config.ModelChannels)];
                AddAttention(layers);
                yield return Remember(new UnetStage(layers));
            }

            if (level != LastLevel)
            {
                yield return Remember(new UnetStage(Resampler(Resampling.Down)));
                _factor *= 2;
            }
        }
    }

    public UnetStage BuildMiddleBlock() =>
        new(Residual(_channels, _channels), Attention(_channels), Residual(_channels, _channels));

    public IEnumerable<UnetStage> BuildOutputBlocks()
    {
        for (var level = LastLevel; level >= 0; level--)
        {
            for (var block = 0; block <= _config.NumResBlocks; block++)
            {
                var input = _channels + _skipChannels.Pop();
                List<nn.Module> layers = [Residual(input, _config.ChannelMult[level] * _config.ModelChannels)];
                AddAttention(layers);
                if (level > 0 && block == _config.NumResBlocks)
                {
                    layers.Add(Resampler(Resampling.Up));
                    _factor /= 2;
                }

                yield return new UnetStage(layers);
            }
        }
    }

    private UnetStage Remember(UnetStage stage)
    {
        _skipChannels.Push(_channels);
        return stage;
    }

    private ResidualBlock Residual(int input, int output, Resampling resampling = Resampling.None)
    {
        _channels = output;
        return new ResidualBlock(input, output, _embedding, _config.Dropout, _config.UseScaleShiftNorm, resampling);
    }

    private nn.Module Resampler(Resampling direction) =>
        (_config.ResblockUpdown, direction) switch
        {
            (true, _) => Residual(_channels, _channels, direction),
            (false, Resampling.Down) => new Downsample(_channels, _config.ConvResample),
            _ => new Upsample(_channels, _config.ConvResample),
        };

    private void AddAttention(List<nn.Module> layers)
    {
        if (_config.AttentionResolutions.Contains(_factor))
        {
            layers.Add(Attention(_channels));
        }
    }

    private nn.Module Attention(int channels)
    {
        var heads = _config.HeadsFor(channels);
        if (heads < 1 || channels % heads != 0)
        {
            throw new ArgumentException($"{channels} channels cannot be split into {heads} attention heads.");
        }

        return _config.UseSpatialTransformer
            ? new SpatialTransformer(channels, heads, _config.TransformerDepth, _config.ContextDim)
            : new AttentionBlock(channels, heads, _config.UseNewAttentionOrder);
    }

    private static void Check(UnetConfig config)
    {
        if (config.NumHeads is null == config.NumHeadChannels is null)
        {
            throw new ArgumentException("Give a UNet either num_heads or num_head_channels.");
        }

        if (config.UseSpatialTransformer != config.ContextDim is not null)
        {
            throw new ArgumentException("context_dim goes with use_spatial_transformer, and only with it.");
        }
    }
}
