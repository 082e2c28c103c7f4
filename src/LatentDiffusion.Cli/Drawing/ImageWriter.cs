using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Provenance;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>An image of a request.</summary>
/// <param name="Request">The request.</param>
/// <param name="Number">Which of its images.</param>
/// <param name="Image">The image.</param>
internal sealed record DrawnImage(SamplingRequest Request, int Number, RgbImage Image)
{
    public long Seed => Request.Seed + Number;
}

/// <summary>Writes drawn images into files named by what they show and by their seed.</summary>
/// <param name="model">The model that drew them.</param>
/// <param name="origin">What the files tell about their making; null for nothing.</param>
internal sealed class ImageWriter(LatentDiffusionModel model, GenerationOrigin? origin)
{
    private const int GridPixels = 96;

    /// <summary>The name of what was drawn after, or null.</summary>
    public string? Subject { get; init; }

    /// <returns>The full path.</returns>
    public string Write(string folder, DrawnImage image)
    {
        var seed = image.Seed.ToString(CultureInfo.InvariantCulture);
        var name = NameOf(image) is { Length: > 0 } shown ? $"{FileNames.Short(shown)}-{seed}.png" : $"{seed}.png";
        var path = Path.GetFullPath(Path.Combine(folder, name));
        Write(
            path,
            RecordOf(image) is { } record ? GeneratedPng.Encode(image.Image, record) : PngEncoder.Encode(image.Image)
        );
        return path;
    }

    /// <param name="path">The file.</param>
    /// <param name="images">Rows of images.</param>
    /// <param name="columns">Images in a row.</param>
    /// <param name="given">What was drawn after, which stands before every row; or null.</param>
    public void WriteGrid(string path, IReadOnlyList<DrawnImage> images, int columns, RgbImage? given)
    {
        var rows = images.Chunk(columns).Select(row => NameOf(row[0])).ToList();
        var sheet = new ContactSheet(given is null ? columns : columns + 1)
        {
            Upscale = Math.Max(1, GridPixels / images[0].Image.Width),
            RowCaptions = rows.All(name => name.Length == 0) ? [] : rows,
            ColumnCaptions = given is null ? [] : ["given"],
        }.Draw([
            .. images
                .Chunk(columns)
                .SelectMany(row => (given is null ? [] : (RgbImage[])[given]).Concat(row.Select(image => image.Image))),
        ]);
        Write(
            path,
            RecordOf(images[0]) is { } record ? GeneratedPng.EncodeSheet(sheet, record) : PngEncoder.Encode(sheet)
        );
    }

    // What the image shows, in words; empty for anything.
    private string NameOf(DrawnImage image)
    {
        var input = image.Request.Inputs[image.Number];
        IEnumerable<string?> parts =
        [
            Subject,
            input.Prompt?.Source,
            input.ClassId is { } id ? model.Config.Classes[id] : null,
        ];
        return string.Join(", ", parts.Where(part => !string.IsNullOrWhiteSpace(part)));
    }

    private GenerationRecord? RecordOf(DrawnImage image) =>
        origin is null ? null : GenerationRecord.Of(image.Request, image.Number, model, origin);

    private static void Write(string path, byte[] png) => AtomicFile.Write(path, stream => stream.Write(png));
}
