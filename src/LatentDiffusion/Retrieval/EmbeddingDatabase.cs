using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Retrieval;

/// <summary>The embeddings nearest to a query.</summary>
/// <param name="Ids">Positions in the database, the nearest first; of equals the lower position first.</param>
/// <param name="Similarities">Cosine of the angle to the query, in [-1, 1].</param>
public sealed record Neighbours(long[] Ids, double[] Similarities);

/// <summary>
/// Embeddings of images to retrieve from (retrieval-augmented diffusion). The search is exact: by cosine similarity over all
/// entries, with the same result as comparing one by one.
/// </summary>
public sealed class EmbeddingDatabase : IDisposable
{
    /// <summary>Name of the array with the embeddings.</summary>
    public const string EmbeddingArray = "embedding";

    private const int RowsAtOnce = 65536;
    private const int QueriesAtOnce = 64;

    // More than float32 products of unit vectors can be wrong by; what lies closer together is compared in float64.
    private const float Uncertainty = 1e-4f;

    private readonly Tensor _rows;
    private readonly Tensor _inverseNorms;

    /// <summary>Takes embeddings over.</summary>
    /// <param name="embeddings">[N, D] floating point; copied to float32. Need not be normalised.</param>
    /// <exception cref="UserInputException">The tensor is of another form, empty, or not finite.</exception>
    public EmbeddingDatabase(Tensor embeddings)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        if (embeddings.dim() != 2 || embeddings.numel() == 0 || !embeddings.is_floating_point())
        {
            throw new UserInputException(
                $"Embeddings need the shape [count, dimensions] and real numbers, not [{string.Join(", ", embeddings.shape)}] "
                    + $"of {embeddings.dtype}."
            );
        }

        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        _rows = embeddings.to(float32, copy: true).cpu().contiguous().DetachFromDisposeScope();
        var norms = _rows.norm(1);
        if (!norms.isfinite().all().item<bool>())
        {
            _rows.Dispose();
            throw new UserInputException("Some embeddings are infinite or not a number. Make the database again.");
        }

        // An entry of length 0 is similar to nothing.
        _inverseNorms = norms.reciprocal().masked_fill(norms.eq(Scalars.Of(0)), Scalars.Of(0)).DetachFromDisposeScope();
    }

    /// <summary>Number of entries.</summary>
    public long Count => _rows.shape[0];

    /// <summary>Length of an embedding.</summary>
    public long Dimensions => _rows.shape[1];

    /// <summary>Loads the embeddings of .npz files, one after the other.</summary>
    /// <param name="paths">Files with an array <c>embedding</c> [N, D].</param>
    /// <exception cref="UserInputException">A file is missing or of another form, or the lengths differ.</exception>
    public static EmbeddingDatabase Load(IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (paths.Count == 0)
        {
            throw new UserInputException("A database needs at least one .npz file of embeddings.");
        }

        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        foreach (var path in paths)
        {
            using var file = NpzFile.Open(path);
            var part = file.Read(EmbeddingArray);
            if (part.dim() != 2 || part.shape[1] != (parts.Count > 0 ? parts[0].shape[1] : part.shape[1]))
            {
                throw new UserInputException(
                    $"The embeddings of \"{path}\" have the shape [{string.Join(", ", part.shape)}]; "
                        + (parts.Count > 0 ? $"[N, {parts[0].shape[1]}] is needed." : "[N, D] is needed.")
                );
            }

            parts.Add(part.is_floating_point() ? part.to(float32) : part);
        }

        return new EmbeddingDatabase(parts.Count == 1 ? parts[0] : cat(parts));
    }

    /// <summary>Finds the nearest entries of each query.</summary>
    /// <param name="queries">[B, D] floating point; need not be normalised.</param>
    /// <param name="count">Neighbours per query, 1 to <see cref="Count"/>.</param>
    /// <returns>One an query, in order.</returns>
    /// <exception cref="ArgumentException">The queries are of another length.</exception>
    public IReadOnlyList<Neighbours> Search(Tensor queries, int count)
    {
        ArgumentNullException.ThrowIfNull(queries);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        if (queries.dim() != 2 || queries.shape[1] != Dimensions)
        {
            throw new ArgumentException(
                $"Queries of shape [{string.Join(", ", queries.shape)}] do not fit embeddings [N, {Dimensions}].",
                nameof(queries)
            );
        }

        using var noGradient = no_grad();
        var found = new List<Neighbours>();
        for (long start = 0; start < queries.shape[0]; start += QueriesAtOnce)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(QueriesAtOnce, queries.shape[0] - start);
            found.AddRange(SearchBatch(queries.narrow(0, start, length).to(float32).cpu().contiguous(), count));
        }

        return found;
    }

    /// <summary>Entries as a condition: of unit length, as the model was trained with.</summary>
    /// <param name="ids">Positions.</param>
    /// <returns>[ids, D].</returns>
    public Tensor Normalised(ReadOnlySpan<long> ids)
    {
        using var scope = NewDisposeScope();
        var index = tensor(ids.ToArray());
        var rows = _rows.index_select(0, index).mul(_inverseNorms.index_select(0, index).unsqueeze(1));
        return rows.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _inverseNorms.Dispose();
    }

    private Neighbours[] SearchBatch(Tensor queries, int count)
    {
        var unit = nn.functional.normalize(queries, dim: 1);
        var candidates = Enumerable.Range(0, (int)queries.shape[0]).Select(_ => new List<long>()).ToArray();
        using var best = new RunningBest(queries.shape[0], count);
        for (long start = 0; start < Count; start += RowsAtOnce)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(RowsAtOnce, Count - start);
            var scores = unit.mm(_rows.narrow(0, start, length).t()).mul(_inverseNorms.narrow(0, start, length));
            best.Add(scores);

            // Whatever may still be among the best; at the end those that are not drop out.
            var near = scores.ge(best.Worst.sub(Scalars.Of(Uncertainty)).unsqueeze(1)).nonzero();
            var places = near.data<long>().ToArray();
            for (var i = 0; i < places.Length; i += 2)
            {
                candidates[places[i]].Add(start + places[i + 1]);
            }
        }

        var values = queries.data<float>().ToArray();
        return
        [
            .. candidates.Select((ids, i) => Exact(values.AsSpan(i * (int)Dimensions, (int)Dimensions), ids, count)),
        ];
    }

    private Neighbours Exact(ReadOnlySpan<float> query, List<long> ids, int count)
    {
        using var scope = NewDisposeScope();
        var vector = tensor(query.ToArray()).to(float64);
        var rows = _rows.index_select(0, tensor(ids.ToArray())).to(float64);
        var lengths = rows.norm(1).mul(vector.norm());
        var cosines = rows.mv(vector).div(lengths).masked_fill(lengths.eq(Scalars.Of(0)), Scalars.Of(0));
        var similarities = cosines.data<double>().ToArray();
        var order = Enumerable
            .Range(0, ids.Count)
            .OrderByDescending(i => similarities[i])
            .ThenBy(i => ids[i])
            .Take(count)
            .ToArray();
        return new Neighbours([.. order.Select(i => ids[i])], [.. order.Select(i => similarities[i])]);
    }

    /// <summary>The best scores of each query so far.</summary>
    private sealed class RunningBest(long queries, int count) : IDisposable
    {
        private Tensor _scores = full(queries, count, Scalars.Of(double.NegativeInfinity)).DetachFromDisposeScope();

        /// <summary>[queries]: the lowest of the best scores.</summary>
        public Tensor Worst => _scores.select(1, count - 1);

        public void Add(Tensor scores)
        {
            using var scope = NewDisposeScope();
            var (block, _) = scores.topk((int)Math.Min(count, scores.shape[1]), 1);
            var (merged, _) = cat([_scores, block], 1).topk(count, 1);
            _scores.Dispose();
            _scores = merged.DetachFromDisposeScope();
        }

        public void Dispose() => _scores.Dispose();
    }
}
