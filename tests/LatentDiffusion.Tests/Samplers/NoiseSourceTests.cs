using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

public sealed class NoiseSourceTests
{
    [Fact]
    public void Noise_is_what_PyTorch_draws_on_a_CPU()
    {
        using var source = new NoiseSource([42]);
        using var noise = source.Next(1, 4, 4);

        Assert.Equal(
            [1.9269, 1.4873, 0.9007, -2.1055],
            TensorAssert.Values(noise).Take(4).Select(v => Math.Round(v, 4))
        );
    }

    [Fact]
    public void Noise_of_an_image_depends_neither_on_the_batch_nor_on_its_place()
    {
        using var scope = torch.NewDisposeScope();
        using var batch = NoiseSource.FromSeed(7, count: 4);
        using var alone = NoiseSource.FromSeed(7, count: 1, first: 2);
        using var elsewhere = new NoiseSource([9, 100]);

        for (var draw = 0; draw < 3; draw++)
        {
            var expected = batch.Next(3, 4, 5).narrow(0, 2, 1);
            TensorAssert.Equal(alone.Next(3, 4, 5), expected);
            TensorAssert.Equal(elsewhere.Next(3, 4, 5).narrow(0, 0, 1), expected);
        }
    }

    [Fact]
    public void Draws_images_and_purposes_differ()
    {
        using var scope = torch.NewDisposeScope();
        using var source = NoiseSource.FromSeed(7, count: 2);
        using var derived = NoiseSource.Derived(7, 2, 1);
        using var other = NoiseSource.Derived(7, 2, 2);
        var noise = torch.cat([source.Next(1, 2, 2), source.Next(1, 2, 2), derived.Next(1, 2, 2), other.Next(1, 2, 2)]);

        var values = TensorAssert.Values(noise);
        Assert.Equal(values.Length, values.Distinct().Count());
    }
}
