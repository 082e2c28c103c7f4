using SkiaSharp;

namespace LatentDiffusion.Imaging;

/// <summary>
/// Reads PNG, JPEG, WebP, GIF (first frame) and BMP into 8-bit RGB. Grey, palette and CMYK images become RGB; of 16-bit
/// channels the high byte is kept; transparent pixels are laid over a background; the EXIF orientation is applied.
/// Embedded colour profiles are ignored: stored numbers are taken as sRGB, as training pipelines commonly do.
/// </summary>
public static class ImageDecoder
{
    /// <summary>Larger images are refused: they would need several GiB while being decoded.</summary>
    public const long MaxPixels = 1L << 28;

    /// <summary>Decodes a file.</summary>
    /// <param name="path">An image file.</param>
    /// <param name="background">What shows through transparent pixels; white if not given.</param>
    /// <exception cref="ImageFormatException">The file cannot be read, is no image, is cut short or too large.</exception>
    public static RgbImage DecodeFile(string path, Rgb? background = null)
    {
        try
        {
            return Decode(File.ReadAllBytes(path), path, background);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageFormatException($"Image \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Decodes an image held in memory.</summary>
    /// <param name="data">The encoded bytes.</param>
    /// <param name="name">What to call the image in an error message.</param>
    /// <param name="background">What shows through transparent pixels; white if not given.</param>
    /// <exception cref="ImageFormatException">The data is no image, is cut short, damaged or too large.</exception>
    public static RgbImage Decode(ReadOnlyMemory<byte> data, string name, Rgb? background = null)
    {
        var (image, origin) = DecodePixels(data, name);
        return Orientation.Apply(
            new RgbImage(image.Width, image.Height, LayOver(image.Pixels, background ?? Rgb.White)),
            origin
        );
    }

    /// <summary>Decodes an image with its transparency; an EXIF orientation is not applied.</summary>
    /// <param name="data">The encoded bytes.</param>
    /// <param name="name">What to call the image in an error message.</param>
    /// <exception cref="ImageFormatException">The data is no image, is cut short, damaged or too large.</exception>
    public static RgbaImage DecodeWithAlpha(ReadOnlyMemory<byte> data, string name) => DecodePixels(data, name).Image;

    /// <summary>Reads size and kind without decoding pixels.</summary>
    /// <param name="data">The encoded bytes.</param>
    /// <param name="name">What to call the image in an error message.</param>
    /// <exception cref="ImageFormatException">The data is no image, its header is incomplete, or it is too large.</exception>
    public static ImageHeader ReadHeader(ReadOnlyMemory<byte> data, string name)
    {
        using var codec = Open(data.Span, name);
        var format = ImageSignature.Recognise(data.Span);
        var (colour, bits) = ImageSignature.ReadLayout(format, data.Span);
        var (width, height) = Orientation.SwapsAxes(codec.EncodedOrigin)
            ? (codec.Info.Height, codec.Info.Width)
            : (codec.Info.Width, codec.Info.Height);
        return new ImageHeader(format, width, height, codec.Info.AlphaType != SKAlphaType.Opaque, colour, bits);
    }

    private static (RgbaImage Image, SKEncodedOrigin Origin) DecodePixels(ReadOnlyMemory<byte> data, string name)
    {
        using var codec = Open(data.Span, name);

        // No colour space in the destination: the codec leaves the numbers alone.
        var info = new SKImageInfo(
            codec.Info.Width,
            codec.Info.Height,
            SKColorType.Rgba8888,
            SKAlphaType.Unpremul,
            null
        );
        var rgba = new byte[info.BytesSize64];
        var result = GetPixels(codec, info, rgba);
        return result == SKCodecResult.Success
            ? (new RgbaImage(info.Width, info.Height, rgba), codec.EncodedOrigin)
            : throw Unreadable(name, data.Length, result);
    }

    /// <summary>The complaint about bytes that begin no known format.</summary>
    internal static ImageFormatException NotAnImage(string name, ReadOnlySpan<byte> start)
    {
        var found = start.IsEmpty
            ? "it is empty"
            : $"it begins with the bytes {Convert.ToHexString(start[..Math.Min(4, start.Length)])}";
        return new ImageFormatException(
            $"\"{name}\" is not a PNG, JPEG, WebP, GIF or BMP image: {found}. Convert it to one of these or remove it."
        );
    }

    private static SKCodec Open(ReadOnlySpan<byte> data, string name)
    {
        if (ImageSignature.Recognise(data) == ImageFormat.Unknown)
        {
            throw NotAnImage(name, data);
        }

        // Held here until the stream has its own reference: SkiaSharp does not keep it alive on the way.
        using var copy = SKData.CreateCopy(data);
        using var stream = new SKMemoryStream(copy);
        var codec = SKCodec.Create(stream, out var result) ?? throw Unreadable(name, data.Length, result);
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if ((long)width * height <= MaxPixels)
        {
            return codec;
        }

        codec.Dispose();
        throw new ImageFormatException(
            $"Image \"{name}\" has {width}x{height} pixels, more than the {MaxPixels:N0} that are read. "
                + "Scale it down or remove it."
        );
    }

    private static unsafe SKCodecResult GetPixels(SKCodec codec, SKImageInfo info, byte[] rgba)
    {
        fixed (byte* pixels = rgba)
        {
            return codec.GetPixels(info, (nint)pixels);
        }
    }

    private static ImageFormatException Unreadable(string name, int length, SKCodecResult result) =>
        result == SKCodecResult.IncompleteInput
            ? new($"Image \"{name}\" is cut short ({length:N0} bytes are there). Copy it again or remove it.")
            : new($"Image \"{name}\" is damaged ({result}). Copy it again or remove it.");

    private static byte[] LayOver(byte[] rgba, Rgb background)
    {
        var rgb = new byte[rgba.LongLength / 4 * 3];
        for (int from = 0, to = 0; from < rgba.Length; from += 4, to += 3)
        {
            var alpha = rgba[from + 3];
            if (alpha == byte.MaxValue)
            {
                (rgb[to], rgb[to + 1], rgb[to + 2]) = (rgba[from], rgba[from + 1], rgba[from + 2]);
                continue;
            }

            rgb[to] = Blend(rgba[from], background.R, alpha);
            rgb[to + 1] = Blend(rgba[from + 1], background.G, alpha);
            rgb[to + 2] = Blend(rgba[from + 2], background.B, alpha);
        }

        return rgb;
    }

    private static byte Blend(byte front, byte back, byte alpha) =>
        (byte)((front * alpha + back * (255 - alpha) + 127) / 255);
}
