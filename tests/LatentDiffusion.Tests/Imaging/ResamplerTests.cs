using CsCheck;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Imaging;

public sealed class ResamplerTests
{
    private static readonly Gen<RgbImage> GenImage = Gen.Select(Gen.Int[1, 24], Gen.Int[1, 24])
        .SelectMany((width, height) => Gen.Byte.Array[width * height * 3].Select(p => new RgbImage(width, height, p)));

    private static readonly Gen<(int Width, int Height)> GenSize = Gen.Select(Gen.Int[1, 30], Gen.Int[1, 30]);

    // Made with Pillow 9.4: Image.resize of the same pattern.
    [Theory]
    [InlineData(7, 5, 4, 3, "268BB271AC84A582648B52AC99715B9160876A95A3756883B54EAB6A8E77B67E7B668C94")]
    [InlineData(
        40,
        33,
        5,
        4,
        "7E79827B79877A78827A7C7E7E8A7A7C837C74878481827E79868282827D828083817E7D807A80807D7D80827B827C6F8775817D827E5F839D827A86"
    )]
    [InlineData(
        5,
        4,
        9,
        7,
        "0051A9045DBC1C75E02F87FF449DFF59BD826CDB1384F22C90FD420F65CF1A75BD33959E48B0B05EC1C279A572939133ACAB4EB9BA61358D"
            + "FF439EB75FBF3077E7248FF04DAB795EC81971E3388DF24F9C57CC9566A971856A33AF7737CB945D945C896932B38953D19E67E07BDD248B93"
            + "37AD115DD2087DDA37986758AD0D79C5309AE749AAF7A2504ABB435FE02E8AB041B56566C9488B8249B04E6DD37382E58CB70069D4147CFB47"
            + "A1996BD21D8AE339AA6673CC0499F12CABFF49"
    )]
    public void Bicubic_equals_pillow(int width, int height, int newWidth, int newHeight, string expected)
    {
        var resized = Resampler.Bicubic(TestImages.Pattern(width, height), newWidth, newHeight);

        Assert.Equal(expected, Convert.ToHexString(resized.Pixels));
    }

    // Checksums of what Pillow 9.4 gives.
    [Theory]
    [InlineData(200, 133, 61, 77, 0xde490cec)]
    [InlineData(50, 31, 201, 131, 0x667a7cdf)]
    public void Bicubic_equals_pillow_on_larger_images(int width, int height, int newWidth, int newHeight, uint crc)
    {
        var resized = Resampler.Bicubic(TestImages.Pattern(width, height), newWidth, newHeight);

        Assert.Equal(crc, System.IO.Hashing.Crc32.HashToUInt32(resized.Pixels));
    }

    [Fact]
    public void Box_equals_pillow()
    {
        var shrunk = Resampler.Box(TestImages.Pattern(13, 40), 6, 5);
        var enlarged = Resampler.Box(TestImages.Pattern(3, 2), 7, 5);

        Assert.Equal(
            "756E877079728B847D738C857E779079728B79927B948D867F78716F88815AA38C857E877D768F88818A838C858B747D767F8891"
                + "7A83817A736C856E878079779069926B746D868F858E879079827B747D837C858E678099827B",
            Convert.ToHexString(shrunk.Pixels)
        );
        Assert.Equal(
            "0059B20059B2257ED7257ED7257ED74AA3FC4AA3FC0059B20059B2257ED7257ED7257ED74AA3FC4AA3FC3D96EF3D96EF69C21B69"
                + "C21B69C21B95EE4795EE473D96EF3D96EF69C21B69C21B69C21B95EE4795EE473D96EF3D96EF69C21B69C21B69C21B95EE4795"
                + "EE47",
            Convert.ToHexString(enlarged.Pixels)
        );
    }

    [Fact]
    public void Nearest_equals_pillow()
    {
        var resized = Resampler.Nearest(TestImages.Pattern(7, 5), 3, 8);

        Assert.Equal(
            "257ED76FC821B9126B257ED76FC821B9126B69C21BC11A731972CBAD065F136CC579D22BAD065F136CC579D22BF14AA365BE17D9"
                + "328B358EE7B710693992EB358EE7B710693992EB",
            Convert.ToHexString(resized.Pixels)
        );
    }

    // A step from 0 to 255, twice as wide: output centres lie a quarter pixel off the input's, so the weights are
    // k(0.25), k(0.75), k(1.25), k(1.75) of Keys' cubic, and at the border what is cut off is normalised away.
    [Fact]
    public void A_step_is_enlarged_with_the_kernels_weights()
    {
        var step = new RgbImage(4, 1, [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255]);

        var wide = Resampler.Bicubic(step, 8, 1);

        var expected = new[] { 0, 1, 2, 3, 4, 5, 6, 7 }.Select(x => Interpolate([0, 0, 255, 255], (x + 0.5) / 2));
        Assert.Equal(expected, Enumerable.Range(0, 8).Select(x => wide[x, 0].R));
    }

    private static byte Interpolate(double[] samples, double centre)
    {
        double sum = 0,
            weights = 0;
        for (var i = 0; i < samples.Length; i++)
        {
            var d = Math.Abs(i + 0.5 - centre);
            var weight = d switch
            {
                < 1 => 1.5 * d * d * d - 2.5 * d * d + 1,
                < 2 => -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2,
                _ => 0,
            };
            sum += weight * samples[i];
            weights += weight;
        }

        return (byte)Math.Clamp(Math.Round(sum / weights), 0, 255);
    }

    [Fact]
    public void Shrinking_by_two_averages_instead_of_skipping()
    {
        var stripes = RgbImage.Filled(64, 64, Rgb.Black);
        for (var y = 0; y < 64; y += 2)
        {
            stripes.Row(y).Fill(255);
        }

        var small = Resampler.Bicubic(stripes, 32, 32);

        Assert.All(Enumerable.Range(2, 28), y => Assert.InRange(small[16, y].G, 118, 138));
    }

    [Fact]
    public void The_same_size_changes_nothing() =>
        GenImage.Sample(image =>
        {
            Assert.Equal(image.Pixels, Resampler.Bicubic(image, image.Width, image.Height).Pixels);
            Assert.Equal(image.Pixels, Resampler.Box(image, image.Width, image.Height).Pixels);
            Assert.Equal(image.Pixels, Resampler.Nearest(image, image.Width, image.Height).Pixels);
        });

    [Fact]
    public void A_constant_image_stays_constant() =>
        Gen.Select(GenSize, GenSize, Gen.Byte)
            .Sample(
                (from, to, level) =>
                {
                    var colour = new Rgb(level, (byte)(255 - level), 255);
                    var expected = RgbImage.Filled(to.Width, to.Height, colour).Pixels;
                    var flat = RgbImage.Filled(from.Width, from.Height, colour);
                    Assert.Equal(expected, Resampler.Bicubic(flat, to.Width, to.Height).Pixels);
                    Assert.Equal(expected, Resampler.Box(flat, to.Width, to.Height).Pixels);
                }
            );

    [Fact]
    public void Mirroring_before_or_after_is_the_same() =>
        Gen.Select(GenImage, GenSize)
            .Sample(
                (image, size) =>
                {
                    var (width, height) = size;
                    var resized = Turn(Resampler.Bicubic(image, width, height));
                    Assert.Equal(
                        resized,
                        Resampler.Bicubic(new(image.Width, image.Height, Turn(image)), width, height).Pixels
                    );
                }
            );

    // Mirrored both ways.
    private static byte[] Turn(RgbImage image) => [.. image.Pixels.Chunk(3).Reverse().SelectMany(pixel => pixel)];
}
