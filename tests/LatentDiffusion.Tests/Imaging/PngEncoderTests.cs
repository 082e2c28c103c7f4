using CsCheck;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Imaging;

public sealed class PngEncoderTests
{
    [Fact]
    public void What_is_written_is_read_back() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20])
            .SelectMany((w, h) => Gen.Byte.Array[w * h * 3].Select(pixels => new RgbImage(w, h, pixels)))
            .Sample(image =>
            {
                var file = PngEncoder.Encode(image);
                var read = ImageDecoder.Decode(file, "x.png");
                Assert.Equal((image.Width, image.Height), (read.Width, read.Height));
                Assert.Equal(image.Pixels, read.Pixels);
            });

    [Fact]
    public void The_file_is_opaque_rgb_and_always_the_same()
    {
        var image = TestImages.Pattern(40, 30);

        var file = PngEncoder.Encode(image);

        const int colourTypeRgb = 2;
        Assert.Equal(colourTypeRgb, file[25]);
        Assert.False(ImageDecoder.ReadHeader(file, "x.png").HasAlpha);
        Assert.Equal(file, PngEncoder.Encode(TestImages.Pattern(40, 30)));
    }

    [Fact]
    public void A_stream_that_fails_fails_with_its_own_exception()
    {
        using var full = new MemoryStream(new byte[20]);

        Assert.Throws<NotSupportedException>(() => PngEncoder.Write(TestImages.Pattern(40, 30), full));
    }
}
