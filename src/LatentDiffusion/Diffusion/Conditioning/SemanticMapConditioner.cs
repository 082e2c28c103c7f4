using LatentDiffusion.Networks.Conditioners;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>Puts label maps beside the latents: one-hot, scaled down, mixed (LDM section 4.3.2).</summary>
public sealed class SemanticMapConditioner : SingleConditioner
{
    private readonly SpatialRescaler _rescaler;
    private readonly IReadOnlyList<string> _labels;
    private readonly int _factor;

    /// <summary>Creates the conditioner with fresh weights.</summary>
    /// <param name="config">The scaling.</param>
    /// <param name="labels">Names of the classes.</param>
    /// <param name="factor">How many times smaller latents are than images.</param>
    /// <exception cref="ArgumentException">There are no classes, or scaled maps have not the latents' size.</exception>
    public SemanticMapConditioner(SemanticMapConfig config, IReadOnlyList<string> labels, int factor)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(labels);
        (_labels, _factor) = (labels, factor);
        if (labels.Count == 0)
        {
            throw new ArgumentException("A semantic map needs the names of its classes.");
        }

        if (1L << config.Stages != factor)
        {
            throw new ArgumentException(
                $"The semantic map is halved {config.Stages} times and latents are {factor} times smaller than images: make "
                    + "2 to the power of 'stages' equal to that."
            );
        }

        _rescaler = new SpatialRescaler(config.Stages, labels.Count, config.Channels, config.Method);
    }

    /// <inheritdoc/>
    public override nn.Module Network => _rescaler;

    /// <inheritdoc/>
    public override Condition Encode(IReadOnlyList<ConditionInput> inputs, LatentSize? size = null)
    {
        var (height, width) = SizeFor(inputs, size);
        using var scope = NewDisposeScope();
        return new Condition(
            Channels: _rescaler.forward(OneHot(inputs, height * _factor, width * _factor)).MoveToOuterDisposeScope()
        );
    }

    /// <inheritdoc/>
    public override ConditionInput Take(ConditionInput into, ConditionInput from) => into with { Map = from.Map };

    /// <inheritdoc/>
    protected override LatentSize? SizeOf(ConditionInput input) =>
        input.Map is { } map ? LatentSize.OfImage(map.Height, map.Width, _factor) : null;

    /// <inheritdoc/>
    protected override string? ProblemWithPart(ConditionInput input, int height, int width) =>
        input.Map is not { } map ? "The model draws label maps: give it one."
        : (map.Height, map.Width) != (height, width)
            ? $"The label map has {map.Width}x{map.Height} pixels, the image to draw {width}x{height}: make them equal."
        : map.Ids.Max() is var most && most >= _labels.Count
            ? $"The label map has class {most}; the model knows {_labels.Count} classes, numbered from 0."
        : null;

    /// <inheritdoc/>
    protected override bool Has(ConditionInput input) => input.Map is not null;

    private Tensor OneHot(IReadOnlyList<ConditionInput> inputs, int height, int width)
    {
        var ids = new long[inputs.Count * height * width];
        var known = new float[inputs.Count];
        foreach (var (number, map) in inputs.Select(input => input.Map).Index())
        {
            if (map is null)
            {
                continue;
            }

            if ((map.Height, map.Width) != (height, width))
            {
                throw new ArgumentException($"A label map has {map.Width}x{map.Height} pixels, not {width}x{height}.");
            }

            known[number] = 1;
            for (var i = 0; i < map.Ids.Length; i++)
            {
                ids[number * map.Ids.Length + i] = map.Ids[i];
            }
        }

        var weights = tensor(known, [inputs.Count, 1, 1, 1]).expand(-1, 1, height, width);
        return zeros(inputs.Count, _labels.Count, height, width)
            .scatter_(1, tensor(ids, [inputs.Count, 1, height, width]), weights);
    }
}
