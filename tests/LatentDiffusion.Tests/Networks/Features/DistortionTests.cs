using LatentDiffusion.Models.Features;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks.Features;

public sealed class DistortionTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly torch.Tensor _images = DeadLeaves.Draw(count: 4, size: 64, seed: 5);

    [Fact]
    public void The_network_that_ships_orders_distortions_as_people_do()
    {
        using var distance = FeatureNetworkFile.LoadDistance(Repository.PathOf(Path.Combine("models", "features")));
        Assert.Equal("features", distance.Network.Name);
        PerceptualOrdering.Holds(distance, _images);
    }

    [Fact]
    public void Darknet_tiny_orders_distortions_as_people_do()
    {
        var path = SharedData.PathOf("weights/darknet_tiny_imagenet.safetensors");
        using var distance = FeatureNetworkFile.LoadDistance(path);
        PerceptualOrdering.Holds(distance, _images);
    }

    [Fact]
    public void Blur_keeps_the_mean_of_a_flat_image_and_flattens_others()
    {
        var flat = torch.full([1, 3, 8, 8], 0.25);
        TensorAssert.Close(Distortions.Blur(flat, 2), flat, 1e-6);
        Assert.True(Distortions.Blur(_images, 1).std().item<float>() < _images.std().item<float>());
    }

    [Fact]
    public void Noise_has_the_given_deviation_and_shifts_move_pixels()
    {
        var noise = Distortions.AddNoise(_images, 0.3, seed: 3).sub(_images);
        Assert.Equal(0.3, noise.std().item<float>(), 0.01);

        var shifted = Distortions.Shift(_images, 2);
        TensorAssert.Equal(shifted[.., .., 2.., 2..], _images[.., .., ..62, ..62]);
    }

    public void Dispose() => _scope.Dispose();
}
