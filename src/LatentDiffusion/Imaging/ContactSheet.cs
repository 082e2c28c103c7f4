using SkiaSharp;

namespace LatentDiffusion.Imaging;

/// <summary>
/// Lays images out on a grid, left to right and top to bottom, with optional captions. Text uses a font that the library
/// carries (Latin, Greek, Cyrillic), so a sheet looks the same on every machine, with or without installed fonts.
/// </summary>
/// <param name="Columns">Images per row, at least 1.</param>
public sealed record ContactSheet(int Columns)
{
    private const int TextSize = 13;
    private const int TitleSize = 16;
    private const int LineHeight = 20;
    private const int TitleHeight = 26;
    private const int WidestRowCaption = 320;
    private static readonly SKColor Ink = new(0x20, 0x20, 0x20);

    /// <summary>Each pixel is drawn as a square of this many pixels, so that small images can be seen.</summary>
    public int Upscale { get; init; } = 1;

    /// <summary>Pixels between images and around the sheet.</summary>
    public int Gap { get; init; } = 4;

    /// <summary>One line above everything.</summary>
    public string? Title { get; init; }

    /// <summary>Written above the columns, cut to the column's width; may be fewer than the columns.</summary>
    public IReadOnlyList<string> ColumnCaptions { get; init; } = [];

    /// <summary>Written to the left of the rows; may be fewer than the rows.</summary>
    public IReadOnlyList<string> RowCaptions { get; init; } = [];

    /// <summary>Draws the sheet. Images may differ in size; each stands at the top left of its cell.</summary>
    /// <param name="images">At least one image.</param>
    public RgbImage Draw(IReadOnlyList<RgbImage> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(Columns, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Upscale, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Gap);
        ArgumentOutOfRangeException.ThrowIfZero(images.Count, nameof(images));

        using var typeface = SheetTypeface.Load();
        using var font = new SKFont(typeface, TextSize);
        using var titleFont = new SKFont(typeface, TitleSize);

        var columns = Math.Min(Columns, images.Count);
        var rows = (images.Count + columns - 1) / columns;
        var cellWidth = images.Max(image => image.Width) * Upscale;
        var cellHeight = images.Max(image => image.Height) * Upscale;
        var captionWidth = Math.Min(WidestRowCaption, RowCaptions.Select(text => Measure(font, text)).Append(0).Max());
        var left = captionWidth == 0 ? Gap : captionWidth + 2 * Gap;
        var captionTop = Gap + (Title is null ? 0 : TitleHeight);
        var top = captionTop + (ColumnCaptions.Count == 0 ? 0 : LineHeight);
        var width = Math.Max(left + columns * (cellWidth + Gap), 2 * Gap + Measure(titleFont, Title ?? ""));
        var height = top + rows * (cellHeight + Gap);

        using var surface = DrawingSurface.Create(width, height);
        using var paint = new SKPaint { Color = Ink, IsAntialias = true };
        var canvas = surface.Canvas;
        canvas.DrawText(Title ?? "", Gap, Gap + TitleSize, titleFont, paint);
        for (var i = 0; i < Math.Min(columns, ColumnCaptions.Count); i++)
        {
            var text = Fit(font, ColumnCaptions[i], cellWidth);
            canvas.DrawText(text, left + i * (cellWidth + Gap), captionTop + TextSize, font, paint);
        }

        for (var i = 0; i < Math.Min(rows, RowCaptions.Count); i++)
        {
            var middle = top + i * (cellHeight + Gap) + cellHeight / 2;
            canvas.DrawText(Fit(font, RowCaptions[i], captionWidth), Gap, middle + TextSize / 3, font, paint);
        }

        var sheet = DrawingSurface.ToImage(surface);
        for (var i = 0; i < images.Count; i++)
        {
            var enlarged = Resampler.Nearest(images[i], images[i].Width * Upscale, images[i].Height * Upscale);
            Paste(enlarged, sheet, left + i % columns * (cellWidth + Gap), top + i / columns * (cellHeight + Gap));
        }

        return sheet;
    }

    private static int Measure(SKFont font, string text) => (int)MathF.Ceiling(font.MeasureText(text));

    private static string Fit(SKFont font, string text, int width)
    {
        if (Measure(font, text) <= width)
        {
            return text;
        }

        var room = width - Measure(font, "\u2026");
        return room <= 0 ? "" : text[..font.BreakText(text, room)].TrimEnd() + "\u2026";
    }

    private static void Paste(RgbImage image, RgbImage sheet, int x, int y)
    {
        for (var row = 0; row < image.Height; row++)
        {
            image.Row(row).CopyTo(sheet.Row(y + row)[(x * 3)..]);
        }
    }
}
