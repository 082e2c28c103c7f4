using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>Measures reconstructions, shows progress and writes sheet, images and result.</summary>
internal sealed class ReconstructionMeasurement
{
    public required VerbContext Context { get; init; }

    public required ReconstructionOptions Options { get; init; }

    /// <summary>The file of the sheet, or null for none.</summary>
    public string? Sheet { get; init; }

    /// <summary>The folder of single reconstructions, or null for none.</summary>
    public string? Save { get; init; }

    /// <summary>Measures what a model makes of images.</summary>
    public void OfModel(string model, IImageSource source, CancellationToken cancellation)
    {
        var indices = EvenlySpaced.Indices(source.Count, Count(source.Count));
        RequireNamesOfTheirOwn([.. indices.Select(i => source.Describe(i).Name)]);
        Context.OpenCpu();
        using var firstStage = ModelFile.LoadFirstStage(model).FirstStage;
        var factor = firstStage.DownsamplingFactor;
        int? size = Context.Arguments.GetValue(Options.Size) is { } side
            ? Math.Max(factor, side / factor * factor)
            : null;
        var tile = Context.Arguments.GetValue(Options.Tile);
        var reconstruction = new Reconstruction(firstStage, tile);
        var pairs = size is { } square
            ? reconstruction.Reconstruct(
                new ImageDataset(source, new ImageTransform(square), seed: 0, cacheBytes: 0),
                indices
            )
            : reconstruction.Reconstruct(source, indices);
        var summary = Measure("reconstruct", pairs, indices.Count, cancellation);
        Tell(summary, model);
    }

    /// <summary>Measures reconstructions that are there as files.</summary>
    /// <param name="images">The files.</param>
    /// <param name="cancellation">Asks to stop.</param>
    public void OfPairs(PairedImages images, CancellationToken cancellation)
    {
        Context.OpenCpu();
        if (images.IsByPosition)
        {
            Context.Output.Log("Images are compared by position; those of a folder or zip are in the order of paths.");
        }

        var indices = EvenlySpaced.Indices(images.Count, Count(images.Count));
        Tell(Measure("compare", images.Read(indices), indices.Count, cancellation), model: null);
    }

    private int Count(int all) => Context.Arguments.GetValue(Options.Count) ?? all;

    private void RequireNamesOfTheirOwn(IReadOnlyList<string> names)
    {
        var twice = names.GroupBy(PngName).FirstOrDefault(group => group.Count() > 1);
        if (Save is not null && twice is not null)
        {
            throw new UserInputException(
                $"--save: {string.Join(" and ", twice)} would both become {twice.Key}. Rename one."
            );
        }
    }

    private ReconstructionSummary Measure(
        string task,
        IEnumerable<ReconstructionPair> pairs,
        int count,
        CancellationToken cancellation
    )
    {
        // Before the long part, which a wrong name would waste.
        if (Sheet is not null)
        {
            OutputFolder.CreateFor(Sheet);
        }

        if (Save is not null)
        {
            OutputFolder.Create(Save);
        }

        using var perceptual = Options.Perceptual.Open(Context);
        using var evaluation = new ReconstructionEvaluation(perceptual.Measures);
        var onSheet = EvenlySpaced.Indices(count, Context.Arguments.GetValue(Options.Show)).ToHashSet();
        List<ReconstructionPair> shown = [];
        using var progress = Context.Output.StartProgress();
        var done = 0;
        foreach (var (pair, _) in evaluation.Measure(pairs))
        {
            cancellation.ThrowIfCancellationRequested();
            if (Sheet is not null && onSheet.Contains(done))
            {
                shown.Add(pair);
            }

            if (Save is not null)
            {
                var path = Path.Combine(Save, PngName(pair.Name));
                OutputFolder.CreateFor(path);
                WriteImage(path, pair.Output);
            }

            progress.Report(new StepProgress(task, ++done, count));
        }

        if (Sheet is not null)
        {
            WriteImage(Sheet, ReconstructionSheet.Draw(shown));
        }

        progress.Dispose();
        var summary = evaluation.Summarize();
        foreach (var sentence in summary.LeftOut)
        {
            Context.Output.Warn(sentence);
        }

        return summary;
    }

    private void Tell(ReconstructionSummary summary, string? model) =>
        Context.Output.Result(
            new ReconstructionReport(summary)
            {
                Sheet = FullPath(Sheet),
                Saved = FullPath(Save),
                Model = model,
            },
            report => report.InWords
        );

    // Rows of a table have names like "images.parquet row 3".
    private static string PngName(string name) =>
        Path.GetExtension(name).Contains(' ', StringComparison.Ordinal)
            ? name + ".png"
            : Path.ChangeExtension(name, ".png");

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);

    private static void WriteImage(string path, RgbImage image) =>
        AtomicFile.Write(path, stream => PngEncoder.Write(image, stream));
}
