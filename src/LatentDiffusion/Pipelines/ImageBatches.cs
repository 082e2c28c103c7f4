using LatentDiffusion.Imaging;

namespace LatentDiffusion.Pipelines;

/// <summary>Puts neighbours of one size together, as many as make computing fast and memory small.</summary>
internal static class ImageBatches
{
    private const int MostImages = 4;
    private const long MostPixels = 1 << 20;

    /// <summary>Divides items into batches, keeping their order.</summary>
    /// <param name="items">Anything with images.</param>
    /// <param name="imageOf">The image whose size counts.</param>
    /// <param name="mostImages">Most images of a batch.</param>
    /// <param name="mostPixels">Most pixels of a batch of several images.</param>
    public static IEnumerable<IReadOnlyList<T>> OfOneSize<T>(
        IEnumerable<T> items,
        Func<T, RgbImage> imageOf,
        int mostImages = MostImages,
        long mostPixels = MostPixels
    )
    {
        List<T> batch = [];
        foreach (var item in items)
        {
            if (batch.Count > 0 && !Joins(imageOf(batch[0]), imageOf(item)))
            {
                yield return batch;
                batch = [];
            }

            batch.Add(item);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }

        bool Joins(RgbImage first, RgbImage next) =>
            batch.Count < mostImages
            && (first.Width, first.Height) == (next.Width, next.Height)
            && (batch.Count + 1L) * first.Width * first.Height <= mostPixels;
    }
}
