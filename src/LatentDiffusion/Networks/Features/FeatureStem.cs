using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>The stages of a feature network, with average pooling by 2 between them.</summary>
internal sealed class FeatureStem : ExplicitModule
{
    private const int ImageChannels = 3;

    private readonly FeatureClassifierConfig _config;
    private readonly FeatureStage[] _stages;

    public FeatureStem(FeatureClassifierConfig config)
        : this(
            config,
            config.Channels.Select(
                (channels, i) =>
                    new FeatureStage(i == 0 ? ImageChannels : config.Channels[i - 1], channels, config.Convolutions)
            )
        ) { }

    private FeatureStem(FeatureClassifierConfig config, IEnumerable<FeatureStage> stages)
        : base(nameof(FeatureStem))
    {
        _config = config;
        _stages = [.. stages];
        foreach (var (i, stage) in _stages.Index())
        {
            register_module(i.ToString(System.Globalization.CultureInfo.InvariantCulture), stage);
        }
    }

    public IReadOnlyList<int> StageChannels => _config.Channels;

    public int EmbeddingSize => _config.Channels[^1];

    public int SmallestImage => _config.SmallestImage;

    /// <summary>A new stem that computes what this one does outside of training, without normalisation.</summary>
    public FeatureStem Folded() => new(_config, _stages.Select(stage => stage.Folded()));

    /// <summary>The map after every stage; see <see cref="IFeatureNetwork.Stages"/>.</summary>
    /// <exception cref="ArgumentException">The images have another shape or are too small.</exception>
    public IReadOnlyList<Tensor> Stages(Tensor images)
    {
        CheckImages(images);
        using var scope = NewDisposeScope();
        List<Tensor> maps = [];
        foreach (var stage in _stages)
        {
            maps.Add(stage.forward(maps is [.., var finer] ? Layer.AveragePool(finer) : images));
        }

        return [.. maps.Select(map => map.MoveToOuterDisposeScope())];
    }

    /// <summary>The means of the last stage's maps; see <see cref="IFeatureNetwork.Embed"/>.</summary>
    /// <exception cref="ArgumentException">The images have another shape or are too small.</exception>
    public Tensor Embed(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Stages(images)[^1].mean([2, 3]).MoveToOuterDisposeScope();
    }

    private void CheckImages(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (
            images.dim() != 4
            || images.shape[1] != ImageChannels
            || Math.Min(images.shape[2], images.shape[3]) < _config.SmallestImage
        )
        {
            throw new ArgumentException(
                $"Images must be [B, {ImageChannels}, H, W] with at least {_config.SmallestImage} pixels per side, "
                    + $"not [{string.Join(", ", images.shape)}]."
            );
        }
    }
}
