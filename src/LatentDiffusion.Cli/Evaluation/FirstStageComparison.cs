using System.CommandLine;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
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

    /// <summary>
    /// Measures all models and tells the result. All are sent the same images: of those taken as they are, what their
    /// factors' least common multiple divides.
    /// </summary>
    /// <param name="models">Run folders, model folders or files.</param>
    /// <param name="source">The images.</param>
    /// <param name="cancellation">Asks to stop.</param>
    public void Run(IReadOnlyList<string> models, IImageSource source, CancellationToken cancellation)
    {
        context.OpenCpu();
        // Before the long part, which a wrong name or size would waste.
        var multiple = CommonMultiple.Of(models);
        RequireMultiple(options.Size, context.Arguments.GetValue(options.Size), multiple);
        RequireMultiple(options.Tile, context.Arguments.GetValue(options.Tile), multiple);
        var indices = EvenlySpaced.Indices(source.Count, context.Arguments.GetValue(options.Count) ?? source.Count);
        if (Sheet is not null)
        {
            OutputFolder.CreateFor(Sheet);
        }

        using var perceptual = options.Perceptual.Open(context);
        List<FirstStageFigures> figures = [];
        foreach (var model in models)
        {
            figures.Add(
                Measure(
                    model,
                    firstStage => Pairs(firstStage, source, indices, multiple),
                    indices.Count,
                    perceptual.Measures,
                    cancellation
                )
            );
        }

        foreach (var sentence in figures[0].Measured.LeftOut)
        {
            context.Output.Warn(sentence);
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
        Func<FirstStage, IEnumerable<ReconstructionPair>> pairs,
        int count,
        PerceptualMeasures? perceptual,
        CancellationToken cancellation
    )
    {
        var (firstStage, config) = ModelFile.LoadFirstStage(model);
        using var owned = firstStage;
        using var evaluation = new ReconstructionEvaluation(perceptual);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)));
        var onSheet = EvenlySpaced.Indices(count, context.Arguments.GetValue(options.Show)).ToHashSet();
        List<ReconstructionPair> shown = [];
        using (var progress = context.Output.StartProgress())
        {
            var done = 0;
            foreach (var (pair, _) in evaluation.Measure(pairs(firstStage)))
            {
                cancellation.ThrowIfCancellationRequested();
                if (onSheet.Contains(done))
                {
                    shown.Add(pair);
                }

                progress.Report(new StepProgress(name, ++done, count));
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
        IReadOnlyList<int> indices,
        int multiple
    )
    {
        var reconstruction = new Reconstruction(firstStage, context.Arguments.GetValue(options.Tile));
        return context.Arguments.GetValue(options.Size) is { } side
            ? reconstruction.Reconstruct(
                new ImageDataset(source, new ImageTransform(side), seed: 0, cacheBytes: 0),
                indices
            )
            : reconstruction.Reconstruct(source, indices, multiple);
    }

    private static void RequireMultiple(Option option, int? value, int multiple)
    {
        if (value is { } side && side % multiple != 0)
        {
            var nearest = Math.Max(1, side / multiple) * multiple;
            throw new UserInputException(
                $"{option.Name} {side} is no multiple of {multiple}, as the models' factors need: use {nearest}."
            );
        }
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
