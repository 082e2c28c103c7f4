using LatentDiffusion.Networks.Conditioners;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>
/// Turns class ids into conditions. One id beyond the classes is the null class, which stands for "no condition" in
/// classifier-free guidance.
/// </summary>
public sealed class ClassConditioner : IDisposable
{
    private readonly ClassEmbedder? _embedder;

    /// <summary>Creates the conditioner with fresh weights, if its kind has any.</summary>
    /// <param name="config">How the class reaches the UNet.</param>
    /// <param name="classes">Number of classes, the null class not counted.</param>
    public ClassConditioner(ConditionerConfig config, int classes)
    {
        NullClass = classes;
        _embedder = config is ClassTokenConfig token ? new ClassEmbedder(token.EmbedDim, classes + 1) : null;
    }

    /// <summary>The id of the null class.</summary>
    public int NullClass { get; }

    /// <summary>The part with weights, trained together with the UNet; null where the UNet embeds the class itself.</summary>
    public nn.Module? Network => _embedder;

    /// <summary>The condition for class ids.</summary>
    /// <param name="labels">[B], int64, 0 to <see cref="NullClass"/>.</param>
    public Condition Encode(Tensor labels) =>
        _embedder is null ? new Condition(Labels: labels) : new Condition(Context: _embedder.Forward(labels));

    /// <inheritdoc/>
    public void Dispose() => _embedder?.Dispose();
}
