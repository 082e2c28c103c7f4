using static TorchSharp.torch;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>How a tensor of ours corresponds to one or more of diffusers.</summary>
/// <param name="Ours">The name in CompVis' checkpoints.</param>
/// <param name="Theirs">The names in diffusers' files: one, or those of query, key and value.</param>
internal sealed record TensorRule(string Ours, params IReadOnlyList<string> Theirs)
{
    /// <summary>Axes of the tensor in CompVis' checkpoints, the last ones of size 1; 0 where both have the same.</summary>
    public int OurAxes { get; init; }

    /// <summary>Axes of the tensor in diffusers' files; 0 where both have the same.</summary>
    public int TheirAxes { get; init; }

    /// <summary>Attention heads that query, key and value are interleaved by.</summary>
    public int Heads { get; init; } = 1;

    private bool IsJoined => Theirs.Count > 1;

    /// <summary>Our shape for theirs.</summary>
    public IReadOnlyList<long> OurShape(IReadOnlyList<long> theirs)
    {
        var shape = WithAxes(theirs, OurAxes);
        return IsJoined ? [shape[0] * Theirs.Count, .. shape.Skip(1)] : shape;
    }

    /// <summary>Their shape for ours; that of each part where there are several.</summary>
    public IReadOnlyList<long> TheirShape(IReadOnlyList<long> ours)
    {
        var shape = WithAxes(ours, TheirAxes);
        return IsJoined ? [shape[0] / Theirs.Count, .. shape.Skip(1)] : shape;
    }

    /// <summary>Our tensor from theirs.</summary>
    public Tensor ToOurs(IReadOnlyList<Tensor> theirs)
    {
        if (!IsJoined)
        {
            return theirs[0].reshape([.. OurShape(theirs[0].shape)]);
        }

        // [C, ...] of each to [heads, 3, C / heads, ...].
        var parts = theirs.Select(part => part.reshape(Heads, -1, part.numel() / part.shape[0])).ToArray();
        return stack(parts, 1).reshape([.. OurShape(theirs[0].shape)]);
    }

    /// <summary>One of their tensors from ours.</summary>
    public Tensor ToTheirs(Tensor ours, int part)
    {
        var shape = TheirShape(ours.shape);
        return IsJoined
            ? ours.reshape(Heads, Theirs.Count, -1, ours.numel() / ours.shape[0]).select(1, part).reshape([.. shape])
            : ours.reshape([.. shape]);
    }

    private static IReadOnlyList<long> WithAxes(IReadOnlyList<long> shape, int axes) =>
        axes == 0 || axes == shape.Count ? shape
        : axes > shape.Count ? [.. shape, .. Enumerable.Repeat(1L, axes - shape.Count)]
        : [.. shape.Take(axes)];
}
