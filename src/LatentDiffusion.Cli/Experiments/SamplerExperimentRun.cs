using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines.Experiments;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>Measures the cells that a folder's results lack, and keeps the folder up to date after each.</summary>
/// <param name="folder">The experiment's folder.</param>
/// <param name="results">What is in it.</param>
/// <param name="progress">Shows how far the whole experiment is.</param>
internal sealed class SamplerExperimentRun(string folder, SamplerResults results, IProgress<StepProgress> progress)
{
    private const int Shown = 32;
    private const int SheetColumns = 8;
    private const int CellPixels = 96;

    /// <summary>Measures.</summary>
    /// <param name="cells">All cells that were asked for.</param>
    /// <param name="prepare">Makes the experiment; not called when nothing is left to do.</param>
    /// <param name="cancellation">Asks to stop; measured cells are kept.</param>
    public SamplerResults Run(
        IEnumerable<SamplerCell> cells,
        Func<(SamplerExperiment Experiment, double FirstStageFid)> prepare,
        CancellationToken cancellation
    )
    {
        var left = cells.Where(cell => !results.Has(cell)).ToList();
        if (left.Count > 0)
        {
            var (experiment, firstStageFid) = prepare();
            results = results with { FirstStageFid = firstStageFid };
            experiment.WarmUp(cancellation);
            var (done, total) = (0.0, left.Sum(cell => cell.Cost));
            foreach (var cell in left)
            {
                var measured = experiment.Measure(cell, Shown, new OfAll(progress, cell, done, total), cancellation);
                Keep(measured);
                done += cell.Cost;
            }
        }

        SamplerReport.Write(results, folder);
        return results;
    }

    private void Keep(SamplerMeasurement measured)
    {
        var (sampler, spacing, steps) = measured.Cell;
        var spread = spacing.ToString().ToLowerInvariant();
        var sheet = $"samples-{sampler}-{spread}-{steps}.png";
        var picture = new ContactSheet(SheetColumns)
        {
            Title = $"{sampler}, {spread}, {steps} steps",
            Upscale = Math.Max(1, CellPixels / measured.Shown[0].Width),
        }.Draw(measured.Shown);
        AtomicFile.Write(Path.Combine(folder, sheet), stream => PngEncoder.Write(picture, stream));
        results = results.With(SamplerRow.Of(measured, sheet));
        ExperimentFiles.Write(folder, results);
        SamplerReport.Write(results, folder);
    }

    /// <summary>Turns images of one cell into evaluations of the network in all.</summary>
    private sealed class OfAll(IProgress<StepProgress> whole, SamplerCell cell, double done, double total)
        : IProgress<StepProgress>
    {
        public void Report(StepProgress value) =>
            whole.Report(
                new StepProgress(
                    "evaluations per image",
                    done + cell.Cost * value.Done / value.Total,
                    total,
                    $"{cell.Sampler} {cell.Steps}"
                )
            );
    }
}
