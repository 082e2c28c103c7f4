using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data.Masks;

/// <summary>Random brush strokes as LaMa draws them: chains of thick lines that turn this way and that.</summary>
public sealed record StrokeSettings
{
    private const int MostSegments = 5;

    /// <summary>Angles are whole radians below this.</summary>
    public int MaxAngle { get; init; } = 4;

    /// <summary>Segments are 10 to 9 + this many pixels long.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Brushes are 5 to 4 + this many pixels wide.</summary>
    public required int MaxWidth { get; init; }

    /// <summary>Fewest strokes.</summary>
    public required int MinCount { get; init; }

    /// <summary>Most strokes; the reference's generator draws one more now and then, and so does this.</summary>
    public required int MaxCount { get; init; }

    /// <summary>What follows the brush.</summary>
    public BrushShape Brush { get; init; } = BrushShape.Line;

    internal void Draw(MaskCanvas canvas, RandomStream random)
    {
        var count = random.Between(MinCount, MaxCount + 1);
        for (var i = 0; i < count; i++)
        {
            var (x, y) = (random.Between(0, canvas.Width - 1), random.Between(0, canvas.Height - 1));
            var segments = random.Between(1, MostSegments);
            for (var j = 0; j < segments; j++)
            {
                var angle = 0.01 + random.Between(0, MaxAngle - 1);
                angle = i % 2 == 0 ? 2 * Math.PI - angle : angle;
                var length = random.Between(10, 9 + MaxLength);
                var width = random.Between(5, 4 + MaxWidth);
                var endX = Math.Clamp((int)(x + length * Math.Sin(angle)), 0, canvas.Width);
                var endY = Math.Clamp((int)(y + length * Math.Cos(angle)), 0, canvas.Height);
                canvas.Stroke(Brush, (x, y), (endX, endY), width);
                (x, y) = (endX, endY);
            }
        }
    }
}

/// <summary>What a brush leaves at each segment.</summary>
public enum BrushShape
{
    /// <summary>A thick line with round ends.</summary>
    Line,

    /// <summary>A disc at the segment's start, its radius the brush's width.</summary>
    Circle,

    /// <summary>A square at the segment's start, as wide as the brush.</summary>
    Square,
}

/// <summary>Random rectangles as LaMa draws them.</summary>
public sealed record BoxSettings
{
    /// <summary>Pixels left free along the border.</summary>
    public required int Margin { get; init; }

    /// <summary>Shortest side.</summary>
    public required int MinSize { get; init; }

    /// <summary>Longest side.</summary>
    public required int MaxSize { get; init; }

    /// <summary>Fewest boxes.</summary>
    public required int MinCount { get; init; }

    /// <summary>Most boxes.</summary>
    public required int MaxCount { get; init; }

    internal void Draw(MaskCanvas canvas, RandomStream random)
    {
        var longest = Math.Min(MaxSize, Math.Min(canvas.Width, canvas.Height) - 2 * Margin);
        var shortest = Math.Min(MinSize, longest);
        var count = random.Between(MinCount, MaxCount);
        for (var i = 0; i < count; i++)
        {
            var (width, height) = (random.Between(shortest, longest), random.Between(shortest, longest));
            canvas.FillBox(
                random.Between(Margin, canvas.Width - Margin - width),
                random.Between(Margin, canvas.Height - Margin - height),
                width,
                height
            );
        }
    }
}
