using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

public sealed class LatentInterpolationTests
{
    [Fact]
    public void The_ends_are_the_two_latents()
    {
        using var scope = torch.NewDisposeScope();
        var (a, b) = (FormulaInput.X([2, 3, 4, 4]), FormulaInput.X([2, 3, 4, 4], 0.7));

        TensorAssert.Close(LatentInterpolation.Spherical(a, b, 0), a, 1e-6);
        TensorAssert.Close(LatentInterpolation.Spherical(a, b, 1), b, 1e-6);
    }

    [Fact]
    public void Noise_stays_noise_half_way()
    {
        using var scope = torch.NewDisposeScope();
        using var noise = new SeededNoise(3, 4, 3, 16, 16);
        var middle = LatentInterpolation.Spherical(noise.Next(), noise.Next(), 0.5);

        Assert.Equal(1, middle.std().item<double>(), 0.03);
    }

    [Fact]
    public void The_angle_grows_evenly()
    {
        using var scope = torch.NewDisposeScope();
        var (a, b) = (torch.tensor([1.0, 0], [1, 2, 1, 1]), torch.tensor([0, 1.0], [1, 2, 1, 1]));
        var third = TensorAssert.Values(LatentInterpolation.Spherical(a, b, 1.0 / 3));

        Assert.Equal(Math.Cos(Math.PI / 6), third[0], 1e-9);
        Assert.Equal(Math.Sin(Math.PI / 6), third[1], 1e-9);
    }

    [Fact]
    public void Equal_latents_have_a_way_of_no_length()
    {
        using var scope = torch.NewDisposeScope();
        var a = FormulaInput.X([2, 3, 4, 4]);

        TensorAssert.Close(LatentInterpolation.Spherical(a, a, 0.3), a, 1e-6);
    }
}
