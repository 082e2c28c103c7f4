namespace LatentDiffusion.Data.Layouts;

/// <summary>A rectangle in shares of an image's width and height: (0, 0) is the top left corner, (1, 1) the bottom right.</summary>
/// <param name="X">Left side.</param>
/// <param name="Y">Top side.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
public readonly record struct RelativeBox(double X, double Y, double Width, double Height)
{
    /// <summary>The whole image.</summary>
    public static RelativeBox Whole { get; } = new(0, 0, 1, 1);

    /// <summary>Share of the image that it covers.</summary>
    public double Area => Width * Height;

    /// <summary>The box as it lies in the mirrored image.</summary>
    public RelativeBox Mirrored() => this with { X = 1 - (X + Width) };

    /// <summary>Area that two boxes have in common.</summary>
    public double IntersectionWith(RelativeBox other)
    {
        var width = Math.Min(X + Width, other.X + other.Width) - Math.Max(X, other.X);
        var height = Math.Min(Y + Height, other.Y + other.Height) - Math.Max(Y, other.Y);
        return Math.Max(0, width) * Math.Max(0, height);
    }

    /// <summary>
    /// The box in shares of a crop. As in the reference code a box that begins outside is moved in with its full width
    /// instead of being cut off on that side.
    /// </summary>
    /// <param name="crop">The crop, in shares of the whole image.</param>
    public RelativeBox Within(RelativeBox crop)
    {
        var x = Math.Clamp((X - crop.X) / crop.Width, 0, 1);
        var y = Math.Clamp((Y - crop.Y) / crop.Height, 0, 1);
        return new RelativeBox(x, y, Math.Min(Width / crop.Width, 1 - x), Math.Min(Height / crop.Height, 1 - y));
    }

    /// <summary>The part of the box that a crop shows, in shares of the crop.</summary>
    /// <param name="crop">The crop, in shares of the whole image.</param>
    /// <returns>Null when the crop shows nothing of it.</returns>
    public RelativeBox? VisibleIn(RelativeBox crop)
    {
        var (left, top) = (Math.Max(X, crop.X), Math.Max(Y, crop.Y));
        var right = Math.Min(X + Width, crop.X + crop.Width);
        var bottom = Math.Min(Y + Height, crop.Y + crop.Height);
        return right <= left || bottom <= top
            ? null
            : new RelativeBox(
                (left - crop.X) / crop.Width,
                (top - crop.Y) / crop.Height,
                (right - left) / crop.Width,
                (bottom - top) / crop.Height
            );
    }
}
