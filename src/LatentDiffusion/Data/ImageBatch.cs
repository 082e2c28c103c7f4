using LatentDiffusion.Data.Annotations;

namespace LatentDiffusion.Data;

/// <summary>Images that are trained on together.</summary>
/// <param name="Pixels">[Count, 3, Size, Size] in [-1, 1].</param>
/// <param name="Size">Side of the square images, in pixels.</param>
/// <param name="ClassIds">Class of each image, -1 for none.</param>
/// <param name="Captions">Caption of each image, empty for none.</param>
/// <param name="Indices">Position of each image in its source.</param>
/// <param name="FirstSample">Number of the first image, counted from the start of training over all epochs.</param>
public sealed record ImageBatch(
    float[] Pixels,
    int Size,
    int[] ClassIds,
    string[] Captions,
    int[] Indices,
    long FirstSample
)
{
    /// <summary>What the data set's annotators say of each image.</summary>
    public ImageAnnotations[] Annotations { get; } = new ImageAnnotations[Indices.Length];

    /// <summary>How many images there are.</summary>
    public int Count => Indices.Length;
}
