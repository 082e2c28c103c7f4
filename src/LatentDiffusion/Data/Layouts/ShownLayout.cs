namespace LatentDiffusion.Data.Layouts;

/// <summary>The objects of an image and which part of it is shown.</summary>
/// <param name="Objects">The objects of the whole image.</param>
public sealed record ShownLayout(IReadOnlyList<LayoutObject> Objects)
{
    /// <summary>No objects.</summary>
    public static ShownLayout Empty { get; } = new([]);

    /// <summary>The part that is shown, before it is mirrored; null for all of it.</summary>
    public RelativeBox? Crop { get; init; }

    /// <summary>Whether it is mirrored left to right.</summary>
    public bool IsMirrored { get; init; }

    /// <summary>Orders the objects at random; null keeps their order.</summary>
    public long? ShuffleSeed { get; init; }

    /// <summary>The objects as they lie in what is shown: cut off at its borders, mirrored.</summary>
    public IEnumerable<LayoutObject> Visible()
    {
        foreach (var item in Objects)
        {
            if (item.Box.VisibleIn(Crop ?? RelativeBox.Whole) is { } box)
            {
                yield return item with
                {
                    Box = IsMirrored ? box.Mirrored() : box,
                };
            }
        }
    }
}
