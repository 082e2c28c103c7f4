using LatentDiffusion.Kernels.Optimization;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Kernels.Operators;

/// <summary>
/// What happens to all parameters after a backward pass, in one pass over memory: many tensors, cut into pieces that keep
/// every thread busy however unlike their sizes are.
/// </summary>
internal static unsafe class ParameterPasses
{
    // Four streams of this many floats leave room in the second-level cache.
    private const int Piece = 16 * 1024;

    /// <summary>Whether kernels can work on tensors of this kind: float32 in CPU memory, one element after the other.</summary>
    public static bool Fits(Tensor tensor) => Gradients.IsKernelMemory(tensor) && tensor.is_contiguous();

    /// <summary>One AdamW step of every entry.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="coefficients">The numbers of the step.</param>
    /// <param name="entries">Tensors of one shape that <see cref="Fits"/> holds for.</param>
    public static void AdamStep(
        KernelSet kernels,
        AdamCoefficients coefficients,
        IReadOnlyList<(Tensor Parameter, Tensor Gradient, Tensor Mean, Tensor Square)> entries
    ) =>
        ForEachPiece(
            entries.Select(e => e.Parameter.numel()),
            (entry, start, count) =>
            {
                var (parameter, gradient, mean, square) = entries[entry];
                kernels.AdamStep(
                    coefficients,
                    count,
                    TensorMemory.Floats(parameter) + start,
                    TensorMemory.Floats(gradient) + start,
                    TensorMemory.Floats(mean) + start,
                    TensorMemory.Floats(square) + start
                );
            }
        );

    /// <summary>Moves every average towards its value.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="entries">Tensors of one shape that <see cref="Fits"/> holds for.</param>
    /// <param name="weight">Share of the way, in [0, 1].</param>
    public static void Follow(
        KernelSet kernels,
        IReadOnlyList<(Tensor Average, Tensor Value)> entries,
        double weight
    ) =>
        ForEachPiece(
            entries.Select(e => e.Average.numel()),
            (entry, start, count) =>
                kernels.Follow(
                    count,
                    TensorMemory.Floats(entries[entry].Average) + start,
                    TensorMemory.Floats(entries[entry].Value) + start,
                    (float)weight
                )
        );

    /// <summary>The L2 norm of all entries together; the same for any number of threads.</summary>
    /// <param name="kernels">The kernels of this thread.</param>
    /// <param name="entries">Tensors that <see cref="Fits"/> holds for.</param>
    public static double Norm(KernelSet kernels, IReadOnlyList<Tensor> entries)
    {
        var pieces = Pieces(entries.Select(e => e.numel()));
        var sums = new double[pieces.Length];
        ThreadTeam.ForEach(
            pieces.Length,
            (i, _) =>
                sums[i] = kernels.SumSquares(
                    pieces[i].Count,
                    TensorMemory.Floats(entries[pieces[i].Entry]) + pieces[i].Start
                )
        );
        return Math.Sqrt(sums.Sum());
    }

    private static void ForEachPiece(IEnumerable<long> sizes, Action<int, nint, nint> body)
    {
        var pieces = Pieces(sizes);
        ThreadTeam.ForEach(pieces.Length, (i, _) => body(pieces[i].Entry, pieces[i].Start, pieces[i].Count));
    }

    private static (int Entry, nint Start, nint Count)[] Pieces(IEnumerable<long> sizes) =>
        sizes
            .SelectMany(
                (size, entry) =>
                    Enumerable
                        .Range(0, (int)((size + Piece - 1) / Piece))
                        .Select(i =>
                            (Entry: entry, Start: (nint)i * Piece, Count: (nint)Math.Min(Piece, size - (long)i * Piece))
                        )
            )
            .ToArray();
}
