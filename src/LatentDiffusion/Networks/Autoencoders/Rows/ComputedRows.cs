using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders.Rows;

/// <summary>What a layer makes of maps of one size, computed anew for the rows that are read, and never stored.</summary>
/// <param name="inputs">The layer's inputs.</param>
/// <param name="channels">Channels of the layer's result.</param>
/// <param name="reach">Which rows of the inputs a row of the result depends on.</param>
/// <param name="layer">The layer; it may overwrite its inputs.</param>
internal sealed class ComputedRows(RowSource[] inputs, long channels, Reach reach, Func<Tensor[], Tensor> layer)
    : RowSource(channels, reach.Scale(inputs[0].Height), reach.Scale(inputs[0].Width))
{
    /// <summary>The result of a layer with one input.</summary>
    public ComputedRows(RowSource input, long channels, Reach reach, Func<Tensor, Tensor> layer)
        : this([input], channels, reach, rows => layer(rows[0])) { }

    /// <inheritdoc/>
    public override long Load => inputs.Aggregate(Elements, (most, input) => Math.Max(most, input.Load));

    /// <inheritdoc/>
    public override Tensor Read(long first, long end)
    {
        var (from, to) = reach.Input(first, end, inputs[0].Height);
        using var scope = NewDisposeScope();
        var result = layer(Array.ConvertAll(inputs, input => input.Read(from, to)));
        return result.narrow(2, first - reach.Scale(from), end - first).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override void Release(long end)
    {
        foreach (var input in inputs)
        {
            input.Release(end == Height ? input.Height : reach.Input(end, end + 1, input.Height).From);
        }
    }
}
