using LatentDiffusion.Networks.Conditioners;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>
/// Turns class ids into conditions. One id beyond the classes is the null class, which stands for "no condition" in
/// classifier-free guidance.
/// </summary>
public sealed class ClassConditioner : SingleConditioner
{
    private readonly ClassEmbedder? _embedder;
    private readonly int _classes;

    /// <summary>Creates the conditioner with fresh weights, if its kind has any.</summary>
    /// <param name="config">How the class reaches the UNet.</param>
    /// <param name="classes">Number of classes, the null class not counted.</param>
    public ClassConditioner(SingleConditionerConfig config, int classes)
        : base(config)
    {
        _classes = classes;
        _embedder = config is ClassTokenConfig token ? new ClassEmbedder(token.EmbedDim, classes + 1) : null;
    }

    /// <summary>The part with weights; null where the UNet embeds the class itself.</summary>
    public override nn.Module? Network => _embedder;

    /// <inheritdoc/>
    public override Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null)
    {
        var labels = tensor(inputs.Select(input => (long)(input.ClassId ?? _classes)).ToArray());
        if (_embedder is null)
        {
            return new Condition(Labels: labels);
        }

        using (labels)
        {
            return new Condition(Context: _embedder.Forward(labels));
        }
    }

    /// <inheritdoc/>
    public override ConditionInput Take(ConditionInput into, ConditionInput from) =>
        into with
        {
            ClassId = from.ClassId,
        };

    /// <inheritdoc/>
    protected override bool Has(ConditionInput input) => input.ClassId is not null;
}
