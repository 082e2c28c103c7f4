using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Pipelines.Conditions;

/// <summary>Draws conditions as pictures, for sheets.</summary>
public static class ConditionPictures
{
    /// <summary>Draws those parts of an input that are pictures or boxes.</summary>
    /// <param name="input">The input.</param>
    /// <param name="labels">Names of the classes, which have colours by their order.</param>
    /// <param name="size">Side of the images that the input belongs to, in pixels.</param>
    /// <returns>One picture for each part.</returns>
    public static IReadOnlyList<RgbImage> Of(ConditionInput input, ConditionLabels labels, int size)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(labels);
        List<RgbImage> pictures = [];
        if (input.LowResolution is { } low)
        {
            pictures.Add(Enlarged(low, Math.Max(1, size / Math.Min(low.Width, low.Height))));
        }

        if (input.Masked is { } masked)
        {
            pictures.Add(masked.Erased);
        }

        if (input.Map is { } map)
        {
            pictures.Add(map.Paint(new LabelSet(labels.Maps).Colours));
        }

        if (input.Layout is { } layout)
        {
            pictures.Add(Draw(layout, labels.Layouts, size));
        }

        return pictures;
    }

    /// <summary>Draws boxes as coloured frames on white.</summary>
    /// <param name="layout">The objects.</param>
    /// <param name="labels">Names of the classes.</param>
    /// <param name="size">Side of the picture in pixels.</param>
    public static RgbImage Draw(ShownLayout layout, IReadOnlyList<string> labels, int size)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(labels);
        // Class 0 of a label set is black; objects are told from that.
        var colours = LabelSet.Numbered(Math.Min(256, labels.Count + 1)).Colours;
        var picture = RgbImage.Filled(size, size, Rgb.White);
        foreach (var item in layout.Visible())
        {
            var id = labels.Index().FirstOrDefault(l => l.Item == item.Label, (Index: -1, Item: "")).Index;
            Frame(picture, item.Box, colours[(id + 1) % colours.Count]);
        }

        return picture;
    }

    private static void Frame(RgbImage picture, RelativeBox box, Rgb colour)
    {
        var (left, top) = (Place(box.X, picture.Width), Place(box.Y, picture.Height));
        var (right, bottom) = (Place(box.X + box.Width, picture.Width), Place(box.Y + box.Height, picture.Height));
        for (var x = left; x <= right; x++)
        {
            Set(picture, x, top, colour);
            Set(picture, x, bottom, colour);
        }

        for (var y = top; y <= bottom; y++)
        {
            Set(picture, left, y, colour);
            Set(picture, right, y, colour);
        }
    }

    private static int Place(double share, int length) => Math.Clamp((int)Math.Round(share * length), 0, length - 1);

    private static void Set(RgbImage picture, int x, int y, Rgb colour)
    {
        var row = picture.Row(y);
        (row[3 * x], row[3 * x + 1], row[3 * x + 2]) = (colour.R, colour.G, colour.B);
    }

    private static RgbImage Enlarged(RgbImage image, int factor)
    {
        var enlarged = new RgbImage(
            image.Width * factor,
            image.Height * factor,
            new byte[checked(image.Pixels.Length * factor * factor)]
        );
        for (var y = 0; y < enlarged.Height; y++)
        {
            for (var x = 0; x < enlarged.Width; x++)
            {
                image.Row(y / factor).Slice(x / factor * 3, 3).CopyTo(enlarged.Row(y)[(3 * x)..]);
            }
        }

        return enlarged;
    }
}
