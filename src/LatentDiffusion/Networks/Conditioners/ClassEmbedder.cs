using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>Turns a class label into one context token for cross-attention (LDM appendix E.2).</summary>
public sealed class ClassEmbedder : ExplicitModule
{
    private readonly Embedding _embedding;

    /// <summary>Creates the embedder.</summary>
    /// <param name="embedDim">Channels of the token.</param>
    /// <param name="classes">Number of labels, the null label included where there is one.</param>
    public ClassEmbedder(int embedDim, int classes)
        : base(nameof(ClassEmbedder))
    {
        using var scope = NewDisposeScope();
        _embedding = nn.Embedding(classes, embedDim, device: MetaDevice.Current);
        register_module("embedding", _embedding);
        this.OwnWeights();
    }

    /// <summary>Embeds labels.</summary>
    /// <param name="labels">[B], int64.</param>
    /// <returns>[B, 1, embed_dim].</returns>
    public Tensor Forward(Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        using var column = labels.unsqueeze(1);
        return _embedding.forward(column);
    }
}
