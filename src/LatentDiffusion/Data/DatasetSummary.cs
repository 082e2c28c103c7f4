using System.Globalization;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>What a source holds, from the images' headers.</summary>
/// <param name="Count">Images in the source.</param>
/// <param name="Examined">How many of them were looked at; the numbers below speak of these.</param>
/// <param name="Classes">Classes in the source.</param>
/// <param name="WithoutClass">Images examined that have no class.</param>
/// <param name="Captioned">Images that have a caption.</param>
/// <param name="Smallest">Width and height of the image with the fewest pixels.</param>
/// <param name="Largest">Width and height of the image with the most pixels.</param>
/// <param name="WithAlpha">Images that may be transparent.</param>
/// <param name="Grey">Images of one channel.</param>
/// <param name="SixteenBit">Images with 16 bits per channel.</param>
/// <param name="Cmyk">Images in printing inks.</param>
public sealed record DatasetSummary(
    int Count,
    int Examined,
    int Classes,
    int WithoutClass,
    int Captioned,
    (int Width, int Height) Smallest,
    (int Width, int Height) Largest,
    int WithAlpha,
    int Grey,
    int SixteenBit,
    int Cmyk
)
{
    /// <summary>Reads headers.</summary>
    /// <param name="source">The images.</param>
    /// <param name="mostExamined">Of a larger source only so many images are examined, evenly spread.</param>
    /// <exception cref="ImageFormatException">An examined image has no valid header.</exception>
    public static DatasetSummary Of(IImageSource source, int mostExamined = 10_000)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostExamined, 1);
        var examined = Math.Min(source.Count, mostExamined);
        var records = new ImageRecord[examined];
        var headers = new ImageHeader[examined];
        for (var i = 0; i < examined; i++)
        {
            var index = (int)((long)i * source.Count / examined);
            records[i] = source.Describe(index);
            headers[i] = ImageDecoder.ReadHeader(source.Read(index), records[i].Name);
        }

        var smallest = headers.MinBy(Area)!;
        var largest = headers.MaxBy(Area)!;
        return new DatasetSummary(
            source.Count,
            examined,
            source.ClassNames.Count,
            records.Count(record => record.ClassId is null),
            records.Count(record => !string.IsNullOrEmpty(record.Caption)),
            (smallest.Width, smallest.Height),
            (largest.Width, largest.Height),
            headers.Count(header => header.HasAlpha),
            headers.Count(header => header.Colour == StoredColour.Grey),
            headers.Count(header => header.BitsPerChannel == 16),
            headers.Count(header => header.Colour == StoredColour.Cmyk)
        );
    }

    /// <summary>One plain line, such as <c>1,000 images in 10 classes, 32x32 to 512x480, 12 grey</c>.</summary>
    public override string ToString()
    {
        string Number(int n) => n.ToString("N0", CultureInfo.InvariantCulture);
        string Part(int n, string what) => n == 0 ? "" : $", {Number(n)} {what}";

        var line = $"{Number(Count)} image{(Count == 1 ? "" : "s")}";
        if (Classes > 0)
        {
            line += $" in {Number(Classes)} class{(Classes == 1 ? "" : "es")}{Part(WithoutClass, "of no class")}";
        }

        line += $", {Smallest.Width}x{Smallest.Height}";
        line += Largest == Smallest ? "" : $" to {Largest.Width}x{Largest.Height}";
        line += Part(Captioned, "with a caption") + Part(WithAlpha, "with transparency") + Part(Grey, "grey");
        line += Part(SixteenBit, "of 16 bits") + Part(Cmyk, "CMYK");
        return Examined == Count ? line : $"{line} (of {Number(Examined)} examined)";
    }

    private static long Area(ImageHeader header) => (long)header.Width * header.Height;
}
