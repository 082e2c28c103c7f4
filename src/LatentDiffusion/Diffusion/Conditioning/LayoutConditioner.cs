using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Networks.Conditioners;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>Turns objects with boxes into context tokens (LDM section 4.3.1). The null condition has no objects.</summary>
public sealed class LayoutConditioner : SingleConditioner
{
    private readonly TokenTransformer _network;

    /// <summary>Creates the conditioner with fresh weights.</summary>
    /// <param name="config">Tokens and transformer.</param>
    /// <param name="labels">Names of the classes.</param>
    /// <exception cref="ArgumentException">There are no classes, or more than the vocabulary has room for.</exception>
    public LayoutConditioner(LayoutConfig config, IReadOnlyList<string> labels)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count == 0)
        {
            throw new ArgumentException("A layout needs the names of its classes.");
        }

        Tokenizer = new LayoutTokenizer(labels)
        {
            MaxObjects = config.MaxObjects,
            Vocabulary = config.Vocabulary,
            UseGroup = config.UseTraits,
            UseOtherTraits = config.UseTraits,
            EncodeCrop = config.EncodeCrop,
        };
        if (!Tokenizer.HasRoom)
        {
            throw new ArgumentException(
                $"A vocabulary of {config.Vocabulary} has no room for {labels.Count} classes"
                    + (
                        config.UseTraits
                            ? " with their traits: enlarge it or set use_traits to false."
                            : ": enlarge it."
                    )
            );
        }

        _network = new TokenTransformer(config.Vocabulary, Tokenizer.Length, config.EmbedDim, config.Depth);
    }

    /// <summary>Makes the tokens.</summary>
    public LayoutTokenizer Tokenizer { get; }

    /// <inheritdoc/>
    public override nn.Module Network => _network;

    /// <inheritdoc/>
    public override Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        using var scope = NewDisposeScope();
        var tokens = inputs.SelectMany(input => Tokens(input.Layout ?? ShownLayout.Empty)).ToArray();
        var context = _network.Forward(tensor(tokens, [inputs.Count, Tokenizer.Length]));
        return new Condition(Context: context.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override ConditionInput Take(ConditionInput into, ConditionInput from) => into with { Layout = from.Layout };

    /// <inheritdoc/>
    public override string? CutFrom(ConditionInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return input.Layout is { } layout && layout.Objects.Count > Tokenizer.MaxObjects
            ? string.Join(", ", layout.Objects.Skip(Tokenizer.MaxObjects).Select(item => item.Label))
            : null;
    }

    /// <inheritdoc/>
    protected override string? ProblemWithPart(ConditionInput input, int height, int width) =>
        input.Layout is not { } layout ? "The model draws layouts: give it one."
        : layout.Objects.Count > Tokenizer.MaxObjects
            ? $"The layout has {layout.Objects.Count} objects; the model takes {Tokenizer.MaxObjects}. Remove some."
        : layout
            .Objects.Select(item => item.Label)
            .FirstOrDefault(label => !Tokenizer.Labels.Contains(label, StringComparer.Ordinal))
            is { } unknown
            ? $"Unknown label '{unknown}'. {Errors.NearestName.Advice(unknown, [.. Tokenizer.Labels], "labels")}"
        : null;

    /// <inheritdoc/>
    protected override bool Has(ConditionInput input) => input.Layout is not null;

    private IEnumerable<long> Tokens(ShownLayout layout) =>
        Tokenizer
            .Encode(layout.Objects, layout.Crop, layout.IsMirrored, layout.ShuffleSeed)
            .Select(token => (long)token);
}
