using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// A small image classifier in the manner of VGG (Simonyan and Zisserman 2015, with batch normalisation) whose features
/// compare images. One stem, shared by several linear heads, is trained on several sets of classes at once.
/// </summary>
public sealed class FeatureClassifier : ExplicitModule, IFeatureNetwork
{
    private const int ImageChannels = 3;

    private readonly FeatureClassifierConfig _config;
    private readonly FeatureStage[] _stages;
    private readonly LinearLayer[] _heads;

    /// <summary>Builds the network with PyTorch's default initial weights.</summary>
    /// <param name="config">The stages.</param>
    /// <param name="heads">The classifying layers; their names differ and hold no dot.</param>
    /// <param name="name">See <see cref="IFeatureNetwork.Name"/>.</param>
    public FeatureClassifier(
        FeatureClassifierConfig config,
        IReadOnlyList<ClassifierHeadConfig> heads,
        string name = "features"
    )
        : base(nameof(FeatureClassifier))
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(heads);
        using var scope = NewDisposeScope();
        (_config, Name) = (config, name);
        _stages =
        [
            .. config.Channels.Select(
                (channels, i) =>
                    new FeatureStage(i == 0 ? ImageChannels : config.Channels[i - 1], channels, config.Convolutions)
            ),
        ];
        _heads = [.. heads.Select(head => new LinearLayer(EmbeddingSize, head.Classes))];
        register_module("stages", KeyGroup.List(_stages));
        register_module("heads", new KeyGroup([.. heads.Zip(_heads, (head, layer) => (head.Name, (nn.Module)layer))]));
        this.OwnWeights();
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> StageChannels => _config.Channels;

    /// <inheritdoc/>
    public int EmbeddingSize => _config.Channels[^1];

    /// <inheritdoc/>
    /// <remarks>The size of the images is halved (rounded down) after every stage.</remarks>
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

    /// <inheritdoc/>
    /// <returns>[B, <see cref="EmbeddingSize"/>]: the means of the last stage's maps.</returns>
    public Tensor Embed(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Stages(images)[^1].mean([2, 3]).MoveToOuterDisposeScope();
    }

    /// <summary>Scores of a head's classes.</summary>
    /// <param name="embeddings">[B, <see cref="EmbeddingSize"/>] from <see cref="Embed"/>.</param>
    /// <param name="head">The head's position in the constructor's list.</param>
    /// <returns>Logits [B, classes].</returns>
    public Tensor Classify(Tensor embeddings, int head) => _heads[head].forward(embeddings);

    /// <summary>Turns the network into a fixed function: running statistics, no gradients for weights.</summary>
    public void Freeze()
    {
        eval();
        foreach (var parameter in parameters())
        {
            parameter.requires_grad = false;
        }
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
