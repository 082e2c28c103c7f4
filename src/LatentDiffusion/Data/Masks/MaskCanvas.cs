using SkiaSharp;

namespace LatentDiffusion.Data.Masks;

/// <summary>A surface of holes to draw on, without soft edges.</summary>
internal sealed class MaskCanvas : IDisposable
{
    private readonly SKBitmap _bitmap;
    private readonly SKCanvas _canvas;
    private readonly SKPaint _paint = new() { Color = SKColors.White, IsAntialias = false };

    public MaskCanvas(int width, int height)
    {
        _bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Gray8, SKAlphaType.Opaque));
        _canvas = new SKCanvas(_bitmap);
        _canvas.Clear(SKColors.Black);
    }

    public int Width => _bitmap.Width;

    public int Height => _bitmap.Height;

    public void Stroke(BrushShape brush, (int X, int Y) start, (int X, int Y) end, int width)
    {
        switch (brush)
        {
            case BrushShape.Line:
                _paint.Style = SKPaintStyle.Stroke;
                _paint.StrokeWidth = width;
                _paint.StrokeCap = SKStrokeCap.Round;
                // Pixel centres lie at halves.
                _canvas.DrawLine(start.X + 0.5f, start.Y + 0.5f, end.X + 0.5f, end.Y + 0.5f, _paint);
                break;
            case BrushShape.Circle:
                _paint.Style = SKPaintStyle.Fill;
                _canvas.DrawCircle(start.X + 0.5f, start.Y + 0.5f, width, _paint);
                break;
            case BrushShape.Square:
                FillBox(start.X - width / 2, start.Y - width / 2, width / 2 * 2, width / 2 * 2);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(brush));
        }
    }

    public void FillBox(int x, int y, int width, int height)
    {
        _paint.Style = SKPaintStyle.Fill;
        _canvas.DrawRect(SKRect.Create(x, y, width, height), _paint);
    }

    public InpaintingMask ToMask()
    {
        _canvas.Flush();
        var holes = new byte[Width * Height];
        var pixels = _bitmap.GetPixelSpan();
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                holes[y * Width + x] = pixels[y * _bitmap.RowBytes + x] >= 128 ? (byte)1 : (byte)0;
            }
        }

        return new InpaintingMask(Width, Height, holes);
    }

    public void Dispose()
    {
        _canvas.Dispose();
        _bitmap.Dispose();
        _paint.Dispose();
    }
}
