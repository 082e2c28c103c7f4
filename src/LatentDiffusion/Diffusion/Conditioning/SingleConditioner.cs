using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>A conditioner that reads one part of its inputs.</summary>
/// <param name="config">How often it is dropped.</param>
public abstract class SingleConditioner(SingleConditionerConfig config) : Conditioner
{
    /// <inheritdoc/>
    public sealed override IReadOnlyList<ConditionInput> Drop(IReadOnlyList<ConditionInput> inputs, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        using var scope = NewDisposeScope();
        var dropped = rand([inputs.Count], generator: generator).lt(Scalars.Of(config.DropProbability));
        return [.. inputs.Zip(dropped.data<bool>(), (input, drop) => drop ? Take(input, ConditionInput.None) : input)];
    }

    /// <inheritdoc/>
    public sealed override ConditionInput Negate(ConditionInput negative, ConditionInput input)
    {
        ArgumentNullException.ThrowIfNull(negative);
        ArgumentNullException.ThrowIfNull(input);
        return config.DropProbability > 0 || Has(negative) ? negative : Take(negative, input);
    }

    /// <inheritdoc/>
    public sealed override string? ProblemWith(ConditionInput input, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(input);
        return config.DropProbability > 0 && !Has(input) ? null : ProblemWithPart(input, height, width);
    }

    /// <summary>An input with this conditioner's part of another one.</summary>
    /// <param name="into">The input whose other parts stay.</param>
    /// <param name="from">The input whose part is taken, or its absence.</param>
    public abstract ConditionInput Take(ConditionInput into, ConditionInput from);

    /// <summary>The latents' size that the first input with this conditioner's part belongs to; null when none tells.</summary>
    internal LatentSize? SizeOf(IReadOnlyList<ConditionInput> inputs) =>
        inputs.Select(input => SizeOf(input)).FirstOrDefault(found => found is not null);

    /// <summary>Whether an input has this conditioner's part.</summary>
    protected abstract bool Has(ConditionInput input);

    /// <summary>The latents' size that an input's part belongs to; null when it belongs to any.</summary>
    protected virtual LatentSize? SizeOf(ConditionInput input) => null;

    /// <summary>What is wrong with this conditioner's part, in one line, or null.</summary>
    /// <param name="input">The input.</param>
    /// <param name="height">Height of the image to draw, in pixels.</param>
    /// <param name="width">Width of the image to draw, in pixels.</param>
    protected virtual string? ProblemWithPart(ConditionInput input, int height, int width) => null;

    /// <summary>The size that channels need: the one asked for, or that of the first input that has a part.</summary>
    /// <exception cref="ArgumentException">Nothing tells the size.</exception>
    private protected LatentSize SizeFor(IReadOnlyList<ConditionInput> inputs, LatentSize? size)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return size
            ?? SizeOf(inputs)
            ?? throw new ArgumentException("Null conditions made of channels need to be told the latents' size.");
    }
}
