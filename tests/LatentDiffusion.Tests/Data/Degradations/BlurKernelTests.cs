using CsCheck;
using LatentDiffusion.Data.Degradations;
using LatentDiffusion.Imaging;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Data.Degradations;

public sealed class BlurKernelTests
{
    private static readonly FloatImage Waves = new(
        10,
        8,
        [.. Enumerable.Range(1, 240).Select(i => (float)(Math.Sin(0.21 * i) * 0.5 + 0.5))]
    );

    [Fact]
    public void Kernels_equal_the_reference()
    {
        Equal(BlurKernel.Anisotropic(7, 0.6, 2, 0.7), "deg_aniso_k7");
        Equal(BlurKernel.Gaussian(7, 1.3), "deg_fspecial_gauss_7_1.3");
        Equal(BlurKernel.Gaussian(25, 1.2).ShiftedFor(4), "deg_shift_pixel_sf4");
    }

    [Fact]
    public void Convolution_mirrors_as_the_reference_does()
    {
        var golden = GoldenCase.Load("degradations", "deg_mirror_conv").Tensor("out");

        var blurred = BlurKernel.Gaussian(5, 1).Convolve(Waves);

        using var tensor = torch.tensor(blurred.Pixels, [8, 10, 3]);
        TensorAssert.Close(tensor, golden, 1e-6);
    }

    [Theory]
    [InlineData("deg_imresize_half", 5, 4)]
    [InlineData("deg_imresize_x2", 20, 16)]
    public void Matlab_resize_equals_the_reference(string name, int width, int height)
    {
        var resized = FloatResampler.Resize(Waves, width, height, Interpolation.MatlabCubic);

        using var tensor = torch.tensor(resized.Pixels, [height, width, 3]);
        TensorAssert.Close(tensor, GoldenCase.Load("degradations", name).Tensor("out"), 1e-6);
    }

    [Fact]
    public void Kernels_of_any_size_and_width_are_symmetric_and_keep_the_brightness() =>
        Gen.Select(Gen.Int[1, 25], Gen.Double[0, 8], Gen.Double[0, 8], Gen.Double[0, Math.PI])
            .Sample(
                (size, first, second, angle) =>
                {
                    foreach (
                        var kernel in new[]
                        {
                            BlurKernel.Gaussian(size, first),
                            BlurKernel.Anisotropic(size, angle, first, second),
                        }
                    )
                    {
                        Assert.Equal(1, kernel.Weights.Sum(), 1e-9);
                        Assert.All(kernel.Weights, w => Assert.InRange(w, 0, 1));
                        for (var i = 0; i < kernel.Weights.Count; i++)
                        {
                            Assert.Equal(kernel.Weights[i], kernel.Weights[^(i + 1)], 1e-9);
                        }
                    }
                },
                iter: 100
            );

    [Fact]
    public void A_shifted_kernel_moves_the_image_half_a_pixel_less_than_the_factor()
    {
        var kernel = BlurKernel.Gaussian(25, 2);
        var shifted = kernel.ShiftedFor(4);

        Assert.Equal(-1.5, MeanColumn(shifted) - MeanColumn(kernel), 1e-6);
    }

    [Fact]
    public void A_pixel_spreads_as_the_kernel_is_written()
    {
        var spot = new FloatImage(9, 9, new float[9 * 9 * 3]);
        spot.Pixels[(4 * 9 + 4) * 3] = 1;
        var kernel = BlurKernel.Gaussian(5, 1).ShiftedFor(2);

        var blurred = kernel.Convolve(spot);

        for (var i = 0; i < 25; i++)
        {
            var (row, column) = Math.DivRem(i, 5);
            Assert.Equal(kernel.Weights[i], blurred.Pixels[((row + 2) * 9 + column + 2) * 3], 1e-6);
        }
    }

    [Fact]
    public void Resizing_keeps_flat_images_flat_and_area_is_the_mean() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20], Gen.Enum<Interpolation>())
            .Sample(
                (from, to, interpolation) =>
                {
                    var flat = new FloatImage(from, 3, [.. Enumerable.Repeat(0.3f, from * 9)]);
                    var resized = FloatResampler.Resize(flat, to, 5, interpolation);
                    Assert.Equal((to, 5), (resized.Width, resized.Height));
                    Assert.All(resized.Pixels, v => Assert.Equal(0.3f, v, 1e-5f));
                },
                iter: 200
            );

    [Fact]
    public void Kernels_of_opencv_have_their_known_values()
    {
        var ramp = new FloatImage(4, 1, [.. Enumerable.Range(0, 4).SelectMany(i => Enumerable.Repeat((float)i, 3))]);

        // cv2.resize([0, 1, 2, 3], 3 columns) with each interpolation, computed by its definition.
        Assert.Equal([1 / 6f, 1.5f, 17 / 6f], Columns(Interpolation.Linear, 3), Near);
        Assert.Equal([0.25f, 1.5f, 2.75f], Columns(Interpolation.Area, 3), Near);
        Assert.Equal([0.5f, 2.5f], Columns(Interpolation.Area, 2), Near);
        Assert.Equal([0.5f, 2.5f], Columns(Interpolation.Linear, 2), Near);
        // a = -0.75: weights -0.09375, 0.59375, 0.59375, -0.09375 half-way between pixels; borders are repeated.
        Assert.Equal([0.40625f, 2.59375f], Columns(Interpolation.Cubic, 2), Near);

        float[] Columns(Interpolation interpolation, int width)
        {
            var resized = FloatResampler.Resize(ramp, width, 1, interpolation);
            return [.. Enumerable.Range(0, width).Select(x => resized.Pixels[3 * x])];
        }

        static bool Near(float a, float b) => Math.Abs(a - b) < 1e-5;
    }

    private static double MeanColumn(BlurKernel kernel) => kernel.Weights.Select((w, i) => w * (i % kernel.Size)).Sum();

    private static void Equal(BlurKernel kernel, string name)
    {
        using var tensor = torch.tensor(kernel.Weights.ToArray(), [kernel.Size, kernel.Size]);
        TensorAssert.Close(tensor, GoldenCase.Load("degradations", name).Tensor("k"), 1e-7);
    }
}
