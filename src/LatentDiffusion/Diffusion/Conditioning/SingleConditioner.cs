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
        return [.. inputs.Zip(dropped.data<bool>(), (input, drop) => drop ? Without(input) : input)];
    }

    /// <summary>The input without what this conditioner reads.</summary>
    protected abstract ConditionInput Without(ConditionInput input);
}
