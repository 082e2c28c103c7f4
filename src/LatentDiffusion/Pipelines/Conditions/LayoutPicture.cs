using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Imaging;
using SkiaSharp;

namespace LatentDiffusion.Pipelines.Conditions;

/// <summary>Draws layouts as pictures: frames on white, each with its label in it.</summary>
public static class LayoutPicture
{
    private const float TextSize = 9;
    private const float Inset = 2;

    /// <summary>Draws a layout.</summary>
    /// <param name="layout">The objects.</param>
    /// <param name="labels">Names of the classes, which have colours by their order.</param>
    /// <param name="size">Side of the picture in pixels.</param>
    public static RgbImage Draw(ShownLayout layout, IReadOnlyList<string> labels, int size)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(labels);
        // Class 0 of a label set is black; objects are told from that.
        var colours = LabelSet.Numbered(Math.Min(256, labels.Count + 1)).Colours;
        using var surface = DrawingSurface.Create(size, size);
        using var typeface = SheetTypeface.Load();
        using var font = new SKFont(typeface, TextSize);
        using var paint = new SKPaint { StrokeWidth = 1 };
        foreach (var item in layout.Visible())
        {
            var id = labels.Index().FirstOrDefault(l => l.Item == item.Label, (Index: -1, Item: "")).Index;
            var colour = colours[(id + 1) % colours.Count];
            paint.Color = new SKColor(colour.R, colour.G, colour.B);
            Draw(surface.Canvas, item, size, font, paint);
        }

        return DrawingSurface.ToImage(surface);
    }

    private static void Draw(SKCanvas canvas, LayoutObject item, int size, SKFont font, SKPaint paint)
    {
        var (left, top) = (Place(item.Box.X, size), Place(item.Box.Y, size));
        var (right, bottom) = (Place(item.Box.X + item.Box.Width, size), Place(item.Box.Y + item.Box.Height, size));
        (paint.Style, paint.IsAntialias) = (SKPaintStyle.Stroke, false);
        canvas.DrawRect(left, top, right - left, bottom - top, paint);
        (paint.Style, paint.IsAntialias) = (SKPaintStyle.Fill, true);
        canvas.DrawText(item.Label, left + Inset, top + TextSize + Inset / 2, font, paint);
    }

    // The middle of a pixel, where a line of one pixel's width is sharp.
    private static float Place(double share, int size) =>
        Math.Clamp((float)Math.Round(share * size), 0, size - 1) + 0.5f;
}
