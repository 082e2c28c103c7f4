using LatentDiffusion.Tensors.Resampling;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Tensors.Resampling;

public sealed class BicubicResizeTests
{
    [Theory]
    [InlineData("deg_imresize_half", 0.5)]
    [InlineData("deg_imresize_x2", 2)]
    public void Resizing_gives_the_references_numbers(string name, double scale)
    {
        using var scope = NewDisposeScope();
        var image = FormulaInput.X([8, 10, 3], 0.21).mul(0.5).add(0.5).permute(2, 0, 1);
        using var resize = new BicubicResize(8, 10, scale);
        var golden = GoldenCase.Load("degradations", name).Tensor("out");

        TensorAssert.Close(resize.Apply(image).permute(1, 2, 0).contiguous(), golden, 1e-6);
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(1 / 3.0)]
    [InlineData(0.8)]
    [InlineData(1)]
    [InlineData(3)]
    public void Flat_images_stay_flat_and_sizes_are_rounded_up(double scale)
    {
        using var scope = NewDisposeScope();
        using var resize = new BicubicResize(9, 13, scale, ScalarType.Float64);
        var resized = resize.Apply(full(2, 3, 9, 13, 0.7, float64));

        Assert.Equal([2, 3, (long)Math.Ceiling(9 * scale), (long)Math.Ceiling(13 * scale)], resized.shape);
        Assert.Equal(0, resized.sub(0.7).abs().max().item<double>(), 1e-12);
    }

    [Fact]
    public void Scale_1_changes_nothing_and_images_may_be_smaller_than_the_kernel()
    {
        using var scope = NewDisposeScope();
        var image = FormulaInput.X([1, 2, 5]);
        using var same = new BicubicResize(2, 5, 1);
        using var shrunk = new BicubicResize(2, 5, 0.1);

        TensorAssert.Close(same.Apply(image), image, 1e-6);
        Assert.Equal(image.mean().item<float>(), shrunk.Apply(image).item<float>(), 0.1);
    }

    [Fact]
    public void Gradients_pass()
    {
        using var scope = NewDisposeScope();
        var image = zeros([1, 8, 8], float64, requires_grad: true);
        using var resize = new BicubicResize(8, 8, 0.5, ScalarType.Float64);
        resize.Apply(image).sum().backward();

        // Every output is a mean of inputs: a quarter of the outputs' sum per input, on average.
        Assert.Equal(16, image.grad!.sum().item<double>(), 1e-9);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 0)]
    public void Sizes_without_pixels_are_refused(int height, int width, double scale) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new BicubicResize(height, width, scale));
}
