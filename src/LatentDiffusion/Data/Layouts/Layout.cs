namespace LatentDiffusion.Data.Layouts;

/// <summary>What OpenImages says of an object besides its box.</summary>
[Flags]
public enum ObjectTraits
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The box holds several objects that touch.</summary>
    Group = 1,

    /// <summary>Another object hides part of it.</summary>
    Occluded = 2,

    /// <summary>A drawing or a statue, not the thing.</summary>
    Depiction = 4,

    /// <summary>Seen from the inside.</summary>
    Inside = 8,
}

/// <summary>One object of a layout.</summary>
/// <param name="Label">Its class.</param>
/// <param name="Box">Where it is.</param>
/// <param name="Traits">What else is known of it.</param>
public sealed record LayoutObject(string Label, RelativeBox Box, ObjectTraits Traits = ObjectTraits.None);

/// <summary>Which objects are where in one image.</summary>
/// <param name="Image">The image's file name, or null for a layout that stands alone.</param>
/// <param name="Width">Width of the image in pixels, or null where a data set does not tell.</param>
/// <param name="Height">Height of the image in pixels, or null.</param>
/// <param name="Objects">The objects, in no order that means anything.</param>
public sealed record Layout(string? Image, int? Width, int? Height, IReadOnlyList<LayoutObject> Objects);

/// <summary>Layouts of many images with the classes that occur in them.</summary>
/// <param name="Labels">Class names; a class's id is its position.</param>
/// <param name="Layouts">One an image.</param>
public sealed record LayoutDataset(IReadOnlyList<string> Labels, IReadOnlyList<Layout> Layouts)
{
    /// <summary>The set without objects that are too small, and then without images that have too few or too many left.</summary>
    /// <param name="minArea">Least share of the image that an object covers; OpenImages was used with 1e-4.</param>
    /// <param name="minObjects">Fewest objects; 2 in the paper's models.</param>
    /// <param name="maxObjects">Most objects; 30 in the paper's models.</param>
    public LayoutDataset Filter(double minArea, int minObjects, int maxObjects) =>
        this with
        {
            Layouts =
            [
                .. Layouts
                    .Select(l => l with { Objects = [.. l.Objects.Where(o => o.Box.Area >= minArea)] })
                    .Where(l => l.Objects.Count >= minObjects && l.Objects.Count <= maxObjects),
            ],
        };
}
