using System.Globalization;
using System.Text.Json;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Bench;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>What <c>ldm experiment convolutional-sampling</c> draws.</summary>
internal sealed record ConvolutionalSamplingSettings
{
    public required string Model { get; init; }

    public required string Unscaled { get; init; }

    /// <summary>Side of the training images, and of patches.</summary>
    public required int TrainingSize { get; init; }

    public required ImageSize Size { get; init; }

    public required int Count { get; init; }

    public required int? Steps { get; init; }

    public required double Guidance { get; init; }

    public required IReadOnlyList<string> Classes { get; init; }

    public required long Seed { get; init; }

    public required int Threads { get; init; }
}

/// <summary>One way of drawing with one model.</summary>
internal sealed record ConvolutionalSamplingRow(
    string Latents,
    string Way,
    int Width,
    int Height,
    int Images,
    double SecondsPerImage,
    double PeakRssMb,
    string Sheet,
    string Command
);

/// <summary>
/// Draws every case by <c>ldm sample</c> in a process of its own, so that its peak memory is its own and its images are those
/// that anyone gets from the same command.
/// </summary>
/// <param name="settings">What to draw.</param>
/// <param name="folder">Receives images and sheets.</param>
internal sealed class ConvolutionalSampling(ConvolutionalSamplingSettings settings, string folder)
{
    private const int SheetColumns = 4;
    private const int SheetPixels = 96;

    private static readonly string[] Ways = ["training size", "whole", "patches"];

    /// <summary>The images of every case, in the order of <see cref="RunAsync"/>'s rows.</summary>
    public List<IReadOnlyList<RgbImage>> Images { get; } = [];

    /// <summary>Draws all cases.</summary>
    /// <exception cref="UserInputException">A model cannot be sampled so.</exception>
    public async Task<IReadOnlyList<ConvolutionalSamplingRow>> RunAsync(
        IProgress<StepProgress> progress,
        CancellationToken cancellation
    )
    {
        List<ConvolutionalSamplingRow> rows = [];
        foreach (var (latents, model) in new[] { ("scaled", settings.Model), ("unscaled", settings.Unscaled) })
        {
            foreach (var way in Ways)
            {
                progress.Report(new StepProgress("draw", rows.Count, 2 * Ways.Length, $"{latents}, {way}"));
                rows.Add(await DrawAsync(latents, model, way, cancellation));
            }
        }

        return rows;
    }

    private async Task<ConvolutionalSamplingRow> DrawAsync(
        string latents,
        string model,
        string way,
        CancellationToken cancellation
    )
    {
        var name = $"{latents}-{way.Replace(' ', '-')}";
        var target = Path.Combine(folder, name);
        if (Directory.Exists(target))
        {
            Directory.Delete(target, recursive: true);
        }

        string[] arguments = [.. Arguments(model, way), "--out", target];
        var output = await ThisProgram.RunAsync([.. arguments, "--json", "--quiet"], cancellation);
        using var json = JsonDocument.Parse(output);
        var files = json.RootElement.GetProperty("files").EnumerateArray().Select(f => f.GetString()!).ToList();
        var images = files.ConvertAll(file => ImageDecoder.DecodeFile(file));
        Images.Add(images);
        var sheet = $"{name}.png";
        var picture = new ContactSheet(SheetColumns)
        {
            Title = $"{latents} latents, {way}",
            Upscale = Math.Max(1, SheetPixels / settings.TrainingSize),
        }.Draw(images);
        AtomicFile.Write(Path.Combine(folder, sheet), stream => PngEncoder.Write(picture, stream));
        return new ConvolutionalSamplingRow(
            latents,
            way,
            images[0].Width,
            images[0].Height,
            images.Count,
            json.RootElement.GetProperty("seconds").GetDouble() / images.Count,
            json.RootElement.GetProperty("peak_rss_mb").GetDouble(),
            sheet,
            $"ldm {string.Join(' ', arguments)}"
        );
    }

    private IEnumerable<string> Arguments(string model, string way)
    {
        var (width, height) =
            way == Ways[0]
                ? (settings.TrainingSize, settings.TrainingSize)
                : (settings.Size.Width, settings.Size.Height);
        return
        [
            "sample",
            model,
            "--size",
            $"{Text(width)}x{Text(height)}",
            "--count",
            Text(settings.Count),
            "--guidance",
            Text(settings.Guidance),
            "--seed",
            Text(settings.Seed),
            "--threads",
            Text(settings.Threads),
            .. settings.Steps is { } steps ? ["--steps", Text(steps)] : Array.Empty<string>(),
            .. way == Ways[2] ? ["--patch", Text(settings.TrainingSize)] : Array.Empty<string>(),
            .. settings.Classes.SelectMany(c => (string[])["--class", c]),
        ];
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
