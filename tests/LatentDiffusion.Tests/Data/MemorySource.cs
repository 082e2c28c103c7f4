using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Imaging;

namespace LatentDiffusion.Tests.Data;

/// <summary>
/// Images that tell their own number: image i is filled with the level i. Class is i % 3; even images have a caption.
/// </summary>
internal sealed class MemorySource(int count, int width = 4, int height = 4) : IImageSource
{
    private readonly byte[][] _files =
    [
        .. Enumerable
            .Range(0, count)
            .Select(i => PngEncoder.Encode(RgbImage.Filled(width, height, new Rgb((byte)i, (byte)i, (byte)i)))),
    ];

    private int _reads;

    /// <summary>How often an image was read.</summary>
    public int Reads => _reads;

    /// <summary>Called with the index of each image before it is read.</summary>
    public Action<int> OnRead { get; init; } = _ => { };

    public int Count => count;

    public IReadOnlyList<string> ClassNames => ["a", "b", "c"];

    public ImageRecord Describe(int index) =>
        new($"image {index}", ClassNames[index % 3], index % 3, index % 2 == 0 ? $"caption {index}" : null);

    public byte[] Read(int index)
    {
        Interlocked.Increment(ref _reads);
        OnRead(index);
        return _files[index];
    }

    /// <summary>A source of one patterned image.</summary>
    public static MemorySource Patterned(int width, int height)
    {
        var source = new MemorySource(1);
        source._files[0] = PngEncoder.Encode(TestImages.Pattern(width, height));
        return source;
    }
}
