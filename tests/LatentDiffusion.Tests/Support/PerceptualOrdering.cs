using LatentDiffusion.Networks.Features;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Support;

/// <summary>What any useful perceptual distance says about spoilt images.</summary>
internal static class PerceptualOrdering
{
    /// <summary>
    /// Asserts for every image that more blur and more noise are further away, and that another image is further away
    /// than the same image moved by one or two pixels.
    /// </summary>
    /// <param name="distance">The distance.</param>
    /// <param name="images">Different images, [B, 3, H, W] in [-1, 1].</param>
    public static void Holds(PerceptualDistance distance, torch.Tensor images)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        AssertGrows("blur", distance, images, Distortions.Blur(images, 0.7), Distortions.Blur(images, 2));
        AssertGrows(
            "noise",
            distance,
            images,
            Distortions.AddNoise(images, 0.05, seed: 1),
            Distortions.AddNoise(images, 0.3, seed: 2)
        );
        AssertGrows(
            "shift, other image",
            distance,
            images,
            Distortions.Shift(images, 1),
            Distortions.Shift(images, 2),
            images.roll(1, 0)
        );
    }

    private static void AssertGrows(
        string what,
        PerceptualDistance distance,
        torch.Tensor images,
        params torch.Tensor[] spoilt
    )
    {
        var distances = spoilt
            .Select(s => TensorAssert.Values(distance.Between(images, s)))
            .Prepend(new double[images.shape[0]]);
        foreach (var (less, more) in distances.Zip(distances.Skip(1)))
        {
            Assert.All(
                less.Zip(more),
                pair =>
                    Assert.True(
                        pair.First < pair.Second,
                        $"{distance.Network.Name}, {what}: {pair.First:g4} is not below {pair.Second:g4}."
                    )
            );
        }
    }
}
