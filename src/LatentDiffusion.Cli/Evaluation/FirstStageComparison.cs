using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>Sends the same images through several first stages; a table of figures and a sheet with a column per model.</summary>
/// <param name="context">Options, progress and result.</param>
/// <param name="options">The options that all measuring of reconstructions has.</param>
internal sealed class FirstStageComparison(VerbContext context, ReconstructionOptions options)
{
    private const int Enlarged = 2;

    private readonly List<string> _captions = ["input"];
    private readonly List<RgbImage[]> _columns = [];

    /// <summary>The sheet's file, or null for none.</summary>
    public string? Sheet { get; init; }

    /// <summary>Side of the middle part that the sheet shows twice as large, or null for whole images.</summary>
    public int? Detail { get; init; }

    /// <summary>Measures all models and tells the result.</summary>
    /// <param name="models">Run folders, model folders or files.</param>
    /// <param name="source">The images.</param>
    /// <param name="cancellation">Asks to stop.</param>
    public void Run(IReadOnlyList<string> models, IImageSource source, CancellationToken cancellation)
    {
        // Before the long part, which a wrong name would waste.
        foreach (var model in models)
        {
            ModelLocation.Resolve(model);
        }

        var indices = EvenlySpaced.Indices(source.Count, context.Arguments.GetValue(options.Count) ?? source.Count);
        if (Sheet is not null)
        {
            OutputFolder.CreateFor(Sheet);
        }

        context.OpenCpu();
        List<FirstStageFigures> figures = [];
        foreach (var model in models)
        {
            figures.Add(Measure(model, source, indices, cancellation));
        }

        if (Sheet is not null)
        {
            AtomicFile.Write(Sheet, stream => PngEncoder.Write(DrawSheet(), stream));
        }

        context.Output.Result(
            new FirstStageReport(figures, Sheet is null ? null : Path.GetFullPath(Sheet)),
            report => report.InWords()
        );
    }

    private FirstStageFigures Measure(
        string model,
        IImageSource source,
        IReadOnlyList<int> indices,
        CancellationToken cancellation
    )
    {
        var (firstStage, config) = ModelFile.LoadFirstStage(model);
        using var owned = firstStage;
        var perceptual = FeatureChoice.Open(context, context.Arguments.GetValue(options.Features));
        using var network = perceptual?.Network;
        using var evaluation = new ReconstructionEvaluation(perceptual);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)));
        var pairs = Pairs(firstStage, source, indices);
        var onSheet = EvenlySpaced.Indices(indices.Count, context.Arguments.GetValue(options.Show)).ToHashSet();
        List<ReconstructionPair> shown = [];
        using (var progress = context.Output.StartProgress())
        {
            var done = 0;
            foreach (var (pair, _) in evaluation.Measure(pairs))
            {
                cancellation.ThrowIfCancellationRequested();
                if (onSheet.Contains(done))
                {
                    shown.Add(pair);
                }

                progress.Report(new StepProgress(name, ++done, indices.Count));
            }
        }

        Keep(name, shown);
        return new FirstStageFigures(
            name,
            firstStage.DownsamplingFactor,
            firstStage.LatentChannels,
            config.FirstStage is VqConfig ? "VQ"
                : config.FirstStage is KlConfig ? "KL"
                : "none",
            new ReconstructionReport(evaluation.Summarize()) { Model = model }
        );
    }

    private IEnumerable<ReconstructionPair> Pairs(
        FirstStage firstStage,
        IImageSource source,
        IReadOnlyList<int> indices
    )
    {
        var reconstruction = new Reconstruction(firstStage, context.Arguments.GetValue(options.Tile));
        return context.Arguments.GetValue(options.Size) is { } side
            ? reconstruction.Reconstruct(
                new ImageDataset(source, new ImageTransform(side), seed: 0, cacheBytes: 0),
                indices
            )
            : reconstruction.Reconstruct(source, indices);
    }

    private void Keep(string name, List<ReconstructionPair> shown)
    {
        if (_columns.Count == 0)
        {
            _columns.Add([.. shown.Select(pair => pair.Input)]);
        }

        _captions.Add(name);
        _columns.Add([.. shown.Select(pair => pair.Output)]);
    }

    private RgbImage DrawSheet() =>
        new ContactSheet(_columns.Count) { ColumnCaptions = _captions, Upscale = Detail is null ? 1 : Enlarged }.Draw([
            .. Enumerable.Range(0, _columns[0].Length).SelectMany(row => _columns.Select(column => Part(column[row]))),
        ]);

    private RgbImage Part(RgbImage image)
    {
        var (width, height) = (
            Math.Min(image.Width, Detail ?? image.Width),
            Math.Min(image.Height, Detail ?? image.Height)
        );
        return image.Crop((image.Width - width) / 2, (image.Height - height) / 2, width, height);
    }
}
