using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Imaging;

public sealed class PixelRangeTests
{
    [Theory]
    [InlineData(0, -1f)]
    [InlineData(255, 1f)]
    [InlineData(51, -0.6f)]
    [InlineData(127, -0.003921569f)]
    public void Bytes_become_minus_one_to_one(byte value, float expected) =>
        Assert.Equal(expected, PixelRange.ToFloat(value), 7);

    [Theory]
    [InlineData(-1f, 0)]
    [InlineData(1f, 255)]
    [InlineData(0f, 127)]
    [InlineData(0.5f, 191)]
    [InlineData(0.9999f, 254)]
    [InlineData(-3f, 0)]
    [InlineData(float.PositiveInfinity, 255)]
    [InlineData(float.NaN, 0)]
    public void Floats_are_clamped_and_truncated(float value, byte expected) =>
        Assert.Equal(expected, PixelRange.ToByte(value));

    [Fact]
    public void A_byte_comes_back_or_one_lower()
    {
        for (var value = 0; value < 256; value++)
        {
            Assert.InRange(PixelRange.ToByte(PixelRange.ToFloat((byte)value)), Math.Max(0, value - 1), value);
        }
    }

    [Fact]
    public void Images_become_planes_and_planes_images()
    {
        var image = new RgbImage(2, 1, [0, 51, 255, 255, 0, 51]);

        var planes = PixelRange.ToPlanarFloats(image);
        var back = PixelRange.ToImage([-1f, 1f, 0f, -1f, 1f, 0f], 2, 1);

        Assert.Equal([-1f, 1f, -0.6f, -1f, 1f, -0.6f], planes);
        Assert.Equal(new byte[] { 0, 127, 255, 255, 0, 127 }, back.Pixels);
    }

    [Fact]
    public void A_wrong_number_of_values_is_refused() =>
        Assert.Throws<ArgumentException>(() => PixelRange.ToImage(new float[11], 2, 2));
}
