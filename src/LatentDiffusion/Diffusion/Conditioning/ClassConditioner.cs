using LatentDiffusion.Errors;
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
    private readonly bool _hasNull;

    /// <summary>Creates the conditioner with fresh weights, if its kind has any.</summary>
    /// <param name="config">How the class reaches the UNet.</param>
    /// <param name="classes">Number of classes, the null class not counted.</param>
    public ClassConditioner(SingleConditionerConfig config, int classes)
        : base(config)
    {
        _classes = classes;
        _hasNull = config is not ClassTokenConfig { NullClass: false };
        _embedder = config is ClassTokenConfig token
            ? new ClassEmbedder(token.EmbedDim, _hasNull ? classes + 1 : classes)
            : null;
    }

    /// <summary>The part with weights; null where the UNet embeds the class itself.</summary>
    public override nn.Module? Network => _embedder;

    /// <inheritdoc/>
    /// <exception cref="UserInputException">An image has no class, and the model has no null class.</exception>
    public override Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null)
    {
        if (!_hasNull && inputs.Any(input => input.ClassId is null))
        {
            throw new UserInputException(
                "This model knows no image without a class: name a class, and use a guidance scale of 1."
            );
        }

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
