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
            pictures.Add(LayoutPicture.Draw(layout, labels.Layouts, size));
        }

        return pictures;
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
