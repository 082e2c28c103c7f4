using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Metrics;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// Measures reconstructions: PSNR, SSIM, absolute error and, with a feature network, perceptual distances and rFID (LDM
/// table 8). All of it is measured on 8-bit images, so that reconstructions read back from files score the same. What a
/// network cannot measure, since images are too small for it, is left out; the summary says so.
/// </summary>
public sealed class ReconstructionEvaluation : IDisposable
{
    private readonly PerceptualMeasures? _perceptual;
    private readonly FeatureStatistics? _inputs;
    private readonly FeatureStatistics? _outputs;
    private readonly List<ReconstructionScore> _scores = [];
    private (int Width, int Height)? _size;
    private int _smallestSide = int.MaxValue;

    /// <summary>An evaluation of nothing yet.</summary>
    /// <param name="perceptual">What to compare features with, or null; used by one thread at a time.</param>
    public ReconstructionEvaluation(PerceptualMeasures? perceptual = null)
    {
        _perceptual = perceptual;
        if (perceptual is not null)
        {
            _inputs = new FeatureStatistics(perceptual.Network.EmbeddingSize);
            _outputs = new FeatureStatistics(perceptual.Network.EmbeddingSize);
        }
    }

    /// <summary>Scores pairs as the result is read; what was read counts for the summary.</summary>
    /// <param name="pairs">Neighbours of one size are computed together.</param>
    public IEnumerable<ScoredReconstruction> Measure(IEnumerable<ReconstructionPair> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        foreach (var batch in ImageBatches.OfOneSize(pairs, pair => pair.Input))
        {
            foreach (var scored in MeasureBatch(batch))
            {
                yield return scored;
            }
        }
    }

    /// <summary>Means over everything that was measured.</summary>
    /// <exception cref="InvalidOperationException">Nothing was measured.</exception>
    public ReconstructionSummary Summarize()
    {
        if (_scores.Count == 0)
        {
            throw new InvalidOperationException("Nothing was measured.");
        }

        var (lpips, psim) = (
            MeanAndDeviation.Of([.. _scores.Select(s => s.Lpips)]),
            MeanAndDeviation.Of([.. _scores.Select(s => s.Psim)])
        );
        return new ReconstructionSummary(
            _scores.Count,
            MeanAndDeviation.Of([.. _scores.Select(s => s.Psnr)]),
            MeanAndDeviation.Of([.. _scores.Select(s => s.Ssim)]),
            MeanAndDeviation.Of([.. _scores.Select(s => s.AbsoluteError)]),
            lpips,
            psim,
            _scores.Count < 2 || _inputs is null || _outputs is null || !Embeds(_smallestSide)
                ? null
                : FrechetDistance.Between(_inputs.ToMoments(), _outputs.ToMoments()),
            _perceptual?.Network.Name
        )
        {
            LpipsFeatures = (lpips ?? psim) is null ? null : _perceptual?.Compared.Name,
            Size = _size,
            LeftOut = [.. LeftOut()],
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inputs?.Dispose();
        _outputs?.Dispose();
    }

    private List<ScoredReconstruction> MeasureBatch(IReadOnlyList<ReconstructionPair> batch)
    {
        foreach (var (name, input, output) in batch)
        {
            if ((input.Width, input.Height) != (output.Width, output.Height))
            {
                throw new UserInputException(
                    $"The reconstruction of \"{name}\" is {output.Width}x{output.Height}, its input "
                        + $"{input.Width}x{input.Height}: make them one size."
                );
            }
        }

        NoteSize(batch[0].Input);
        var (lpips, psim) = MeasureFeatures(batch);
        var scored = batch
            .Select(
                (pair, i) =>
                    new ScoredReconstruction(
                        pair,
                        new ReconstructionScore(
                            PeakSignalToNoise.Of(pair.Input, pair.Output),
                            StructuralSimilarity.Fits(pair.Input)
                                ? StructuralSimilarity.Of(pair.Input, pair.Output)
                                : null,
                            MeanAbsoluteError.Of(pair.Input, pair.Output),
                            lpips?[i],
                            psim?[i]
                        )
                    )
            )
            .ToList();
        _scores.AddRange(scored.Select(s => s.Score));
        return scored;
    }

    private (double[]? Lpips, double[]? Psim) MeasureFeatures(IReadOnlyList<ReconstructionPair> batch)
    {
        if (_perceptual is null)
        {
            return (null, null);
        }

        var side = Math.Min(batch[0].Input.Width, batch[0].Input.Height);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var inputs = ImageTensors.FromImages([.. batch.Select(pair => pair.Input)]);
        var outputs = ImageTensors.FromImages([.. batch.Select(pair => pair.Output)]);
        if (Embeds(side))
        {
            _inputs!.Add(_perceptual.Network.Embed(inputs));
            _outputs!.Add(_perceptual.Network.Embed(outputs));
        }

        if (side < _perceptual.Compared.SmallestImage)
        {
            return (null, null);
        }

        var lpips = Distances(_perceptual.Lpips);
        return (lpips, _perceptual.Psim == _perceptual.Lpips ? lpips : Distances(_perceptual.Psim));

        double[]? Distances(Func<Tensor, Tensor, Tensor>? distance) =>
            distance?.Invoke(inputs, outputs).to(float64, CPU).flatten().data<double>().ToArray();
    }

    private bool Embeds(int side) => side >= _perceptual?.Network.SmallestEmbedded;

    // All images of a batch are of one size.
    private void NoteSize(RgbImage image)
    {
        var size = (image.Width, image.Height);
        _size = _scores.Count == 0 || _size == size ? size : null;
        _smallestSide = Math.Min(_smallestSide, Math.Min(image.Width, image.Height));
    }

    private IEnumerable<string> LeftOut()
    {
        if (_perceptual is not { Network: var network, Compared: var compared })
        {
            yield break;
        }

        if (!Embeds(_smallestSide))
        {
            yield return $"The Frechet distance is left out: {TooSmallFor(network.Name, network.SmallestEmbedded)}";
        }

        if (_smallestSide < compared.SmallestImage)
        {
            var what = _perceptual.Lpips is null ? "PSIM is" : "LPIPS and PSIM are";
            yield return $"{what} left out: {TooSmallFor(compared.Name, compared.SmallestImage)}";
        }
    }

    private string TooSmallFor(string network, int least) =>
        $"{network} takes images of at least {least} pixels a side, and there are images of {_smallestSide}.";
}
