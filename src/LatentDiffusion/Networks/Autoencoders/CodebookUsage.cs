using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>
/// Counts how often each code of a codebook is chosen over many batches, which shows a collapsing codebook. Holds no
/// native memory; <see cref="Counts"/> and <see cref="Restore"/> carry it over a break in training.
/// </summary>
public sealed class CodebookUsage
{
    private readonly long[] _counts;

    /// <summary>Starts with nothing counted.</summary>
    /// <param name="codes">Number of codes in the codebook.</param>
    public CodebookUsage(int codes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(codes, 1);
        _counts = new long[codes];
    }

    /// <summary>How often each code was chosen since the start or the last <see cref="Clear"/>.</summary>
    public IReadOnlyList<long> Counts => _counts;

    /// <summary>Share of the codes that were chosen at least once, in [0, 1].</summary>
    public double UsedFraction => (double)_counts.Count(count => count > 0) / _counts.Length;

    /// <summary>
    /// Exponential of the entropy of the choices: the number of codes, if all were chosen equally often, down to 1 if
    /// only one was; 0 while nothing is counted.
    /// </summary>
    public double Perplexity
    {
        get
        {
            double total = _counts.Sum();
            if (total == 0)
            {
                return 0;
            }

            var entropy = 0.0;
            foreach (var count in _counts)
            {
                var share = count / total;
                entropy -= count == 0 ? 0 : share * Math.Log(share);
            }

            return Math.Exp(entropy);
        }
    }

    /// <summary>Counts a batch's choices.</summary>
    /// <param name="indices">Any shape, int64: numbers of codebook entries, <see cref="QuantizedLatents.Indices"/>.</param>
    /// <exception cref="ArgumentException">There is an index that the codebook does not have.</exception>
    public void Add(Tensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        if (indices.numel() == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        var flat = indices.detach().reshape(-1).cpu();
        var (least, most) = (flat.min().item<long>(), flat.max().item<long>());
        if (least < 0 || most >= _counts.Length)
        {
            throw new ArgumentException(
                $"Indices from {least} to {most} do not belong to a codebook of {_counts.Length} codes.",
                nameof(indices)
            );
        }

        var batch = flat.bincount(weights: null, minlength: _counts.Length).data<long>();
        for (var code = 0; code < _counts.Length; code++)
        {
            _counts[code] += batch[code];
        }
    }

    /// <summary>Which codes were never chosen since the start or the last <see cref="Clear"/>.</summary>
    public bool[] DeadCodes() => [.. _counts.Select(count => count == 0)];

    /// <summary>Forgets all counts.</summary>
    public void Clear() => Array.Clear(_counts);

    /// <summary>Takes over saved counts.</summary>
    /// <param name="counts">What <see cref="Counts"/> was.</param>
    /// <exception cref="ArgumentException">They are not as many as there are codes, or one is negative.</exception>
    public void Restore(IReadOnlyList<long> counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        if (counts.Count != _counts.Length || counts.Any(count => count < 0))
        {
            throw new ArgumentException(
                $"{counts.Count} counts do not belong to a codebook of {_counts.Length} codes, or one is negative.",
                nameof(counts)
            );
        }

        for (var code = 0; code < _counts.Length; code++)
        {
            _counts[code] = counts[code];
        }
    }
}
