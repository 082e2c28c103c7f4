using System.Globalization;
using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>Several conditioners as one.</summary>
public sealed class HybridConditioner : Conditioner
{
    private readonly nn.Module? _networks;

    /// <summary>Puts conditioners together.</summary>
    /// <param name="parts">
    /// The conditioners; now owned. The weights of several are named by position, "0.", "1.", ...; where only one has weights,
    /// these keep their names, as in published models.
    /// </param>
    public HybridConditioner(IReadOnlyList<Conditioner> parts)
    {
        Parts = parts;
        var networks = parts
            .Index()
            .Where(part => part.Item.Network is not null)
            .Select(part => (part.Index.ToString(CultureInfo.InvariantCulture), part.Item.Network!))
            .ToArray();
        _networks = networks switch
        {
            [] => null,
            [var only] => only.Item2,
            _ => new KeyGroup(networks),
        };
    }

    /// <summary>The conditioners.</summary>
    public IReadOnlyList<Conditioner> Parts { get; }

    /// <inheritdoc/>
    public override nn.Module? Network => _networks;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Vocabularies => [.. Parts.SelectMany(part => part.Vocabularies)];

    /// <inheritdoc/>
    public override Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null)
    {
        // What one part tells of the size goes for all.
        var known = size ?? Parts.OfType<SingleConditioner>().Select(part => part.SizeOf(inputs)).FirstOrDefault(Known);
        return Condition.Combine([.. Parts.Select(part => part.Encode(inputs, known))]);

        static bool Known(LatentSize? found) => found is not null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ConditionInput> Drop(IReadOnlyList<ConditionInput> inputs, Generator generator) =>
        Parts.Aggregate(inputs, (left, part) => part.Drop(left, generator));

    /// <inheritdoc/>
    public override ConditionInput Negate(ConditionInput negative, ConditionInput input) =>
        Parts.Aggregate(negative, (so, part) => part.Negate(so, input));

    /// <inheritdoc/>
    public override string? ProblemWith(ConditionInput input, int height, int width) =>
        Parts.Select(part => part.ProblemWith(input, height, width)).FirstOrDefault(problem => problem is not null);

    /// <inheritdoc/>
    public override string? CutFrom(ConditionInput input) =>
        Parts.Select(part => part.CutFrom(input)).FirstOrDefault(cut => cut is not null);
}
