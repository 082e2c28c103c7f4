using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Preparation;

/// <summary>The different pictures among many files: of one picture at several sizes the largest is kept.</summary>
/// <param name="smallest">Pictures with a shorter side, in pixels, are passed over.</param>
internal sealed class PhotoCollection(int smallest)
{
    private const int ThumbnailSide = 16;

    // Mean difference of two thumbnails' bytes up to which they show the same picture.
    private const double SamePicture = 4;

    private readonly List<Photo> _photos = [];

    /// <summary>Paths of the different pictures, in the order in which they were first seen.</summary>
    public IReadOnlyList<string> Photos => [.. _photos.Select(p => p.Path)];

    /// <summary>Files that repeat a picture.</summary>
    public int Repeats { get; private set; }

    /// <summary>Files that are too small.</summary>
    public int Small { get; private set; }

    /// <summary>The image files below a folder, ordered by path.</summary>
    /// <exception cref="UserInputException">The folder is missing.</exception>
    public static IReadOnlyList<string> FilesBelow(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserInputException($"The folder {folder} does not exist. Check the path.");
        }

        var files = Directory
            .EnumerateFiles(
                folder,
                "*",
                new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 16 }
            )
            .Where(f => ImageSignature.Extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase))
            .ToArray();
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    /// <summary>Adds a file unless it is too small, no image, or known.</summary>
    public void Look(string path)
    {
        RgbImage image;
        try
        {
            image = ImageDecoder.DecodeFile(path);
        }
        catch (ImageFormatException)
        {
            // Folders of pictures have other things in them.
            Small++;
            return;
        }

        if (Math.Min(image.Width, image.Height) < smallest)
        {
            Small++;
            return;
        }

        var photo = new Photo(
            path,
            (long)image.Width * image.Height,
            Resampler.Bicubic(image, ThumbnailSide, ThumbnailSide).Pixels
        );
        var known = _photos.FindIndex(p => Difference(p.Thumbnail, photo.Thumbnail) < SamePicture);
        if (known < 0)
        {
            _photos.Add(photo);
            return;
        }

        Repeats++;
        if (photo.Pixels > _photos[known].Pixels)
        {
            _photos[known] = photo;
        }
    }

    private static double Difference(byte[] first, byte[] second) =>
        first.Zip(second, (a, b) => Math.Abs(a - b)).Average();

    private sealed record Photo(string Path, long Pixels, byte[] Thumbnail);
}
