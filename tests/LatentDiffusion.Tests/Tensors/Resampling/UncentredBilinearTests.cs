using LatentDiffusion.Tensors.Resampling;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Tensors.Resampling;

public sealed class UncentredBilinearTests
{
    [Fact]
    public void Doubling_repeats_pixels_with_their_midpoints_and_the_last_one()
    {
        using var scope = NewDisposeScope();
        var row = tensor(new[] { 0f, 10, 40 }, [1, 1, 1, 3]);

        // Centred grids would give 0, 2.5, 7.5, ...
        Assert.Equal([0, 5, 10, 25, 40, 40], Values(UncentredBilinear.Resize(row, 1, 6)));
    }

    [Fact]
    public void Shrinking_skips_pixels_without_averaging()
    {
        using var scope = NewDisposeScope();
        var row = tensor(new[] { 1f, 50, 3, 50, 7, 50 }, [1, 1, 1, 6]);

        Assert.Equal([1, 3, 7], Values(UncentredBilinear.Resize(row, 1, 3)));
    }

    [Theory]
    [InlineData(5, 7, 13, 11)]
    [InlineData(13, 32, 6, 299)]
    public void Every_pixel_is_the_formula(int height, int width, int newHeight, int newWidth)
    {
        using var scope = NewDisposeScope();
        var image = FormulaInput.X([2, 3, height, width], 0.37);

        var resized = UncentredBilinear.Resize(image, newHeight, newWidth);

        Assert.Equal([2, 3, newHeight, newWidth], resized.shape);
        for (var i = 0; i < newHeight; i++)
        {
            for (var j = 0; j < newWidth; j++)
            {
                var (y, x) = ((double)i * height / newHeight, (double)j * width / newWidth);
                var (top, left) = ((int)(y + 1e-6), (int)(x + 1e-6));
                var (bottom, right) = (Math.Min(top + 1, height - 1), Math.Min(left + 1, width - 1));
                var expected =
                    At(top, left) * (1 - y + top) * (1 - x + left)
                    + At(top, right) * (1 - y + top) * (x - left)
                    + At(bottom, left) * (y - top) * (1 - x + left)
                    + At(bottom, right) * (y - top) * (x - left);
                Assert.Equal(expected, resized[1, 2, i, j].item<float>(), 1e-4);
            }
        }

        double At(int y, int x) => image[1, 2, y, x].item<float>();
    }

    [Fact]
    public void The_same_size_changes_nothing()
    {
        using var scope = NewDisposeScope();
        var image = FormulaInput.X([1, 3, 9, 9], 0.37);

        Assert.Equal(Values(image), Values(UncentredBilinear.Resize(image, 9, 9)));
    }

    private static float[] Values(Tensor tensor) => tensor.contiguous().data<float>().ToArray();
}
