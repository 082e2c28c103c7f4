using LatentDiffusion.Networks.Features;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks.Features;

public sealed class FeatureNetworkTests
{
    public static TheoryData<string, int[], int[], int> Networks =>
        new()
        {
            { "vgg16", [64, 128, 256, 512, 512], [48, 24, 12, 6, 3], 14_714_688 },
            { "alexnet", [64, 192, 384, 256, 256], [11, 5, 2, 2, 2], 2_469_696 },
            { "squeezenet", [64, 128, 256, 384, 384, 512, 512], [23, 11, 5, 2, 2, 2, 2], 722_496 },
            { "darknet-tiny", [32, 128, 256, 512, 128], [24, 12, 6, 3, 3], 1_039_912 },
        };

    [Theory]
    [MemberData(nameof(Networks))]
    public void Stages_have_the_channels_and_sizes_of_the_published_networks(
        string name,
        int[] channels,
        int[] sizes,
        int weights
    )
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var network = FeatureNetworkSamples.Create(name);
        var images = FormulaInput.X([2, 3, 48, 48], 0.011);

        var stages = network.Stages(images);

        Assert.Equal(name, network.Name);
        Assert.Equal(channels, network.StageChannels);
        Assert.Equal(channels.Zip(sizes, (c, s) => new long[] { 2, c, s, s }), stages.Select(s => s.shape));
        Assert.Equal([2, network.EmbeddingSize], network.Embed(images).shape);
        Assert.Equal(weights, ((torch.nn.Module)network).parameters().Sum(p => p.numel()));
        network.Dispose();
    }

    [Theory]
    [InlineData("vgg16", 16)]
    [InlineData("alexnet", 31)]
    [InlineData("squeezenet", 17)]
    public void The_smallest_images_work_and_smaller_ones_are_refused(string name, int size)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var network = FeatureNetworkSamples.Create(name);

        Assert.All(network.Stages(torch.zeros(1, 3, size, size)), map => Assert.True(map.numel() > 0));
        var error = Assert.Throws<ArgumentException>(() => network.Stages(torch.zeros(1, 3, size, size - 1)));
        Assert.Contains($"at least {size} pixels", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 13)]
    public void Darknet_takes_images_of_any_size(int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var network = new DarknetTinyFeatures();

        var last = network.Stages(torch.zeros(1, 3, height, width))[^1];

        Assert.Equal([1L, 128, (height + 15) / 16, (width + 15) / 16], last.shape);
        Assert.Equal([1L, 1000], network.Classify(torch.zeros(1, 3, height, width)).shape);
    }

    [Fact]
    public void Names_lead_to_those_of_torchvision()
    {
        Assert.Equal("features.17.weight", LpipsNetwork.TorchvisionName("net.slice4.17.weight"));
        Assert.Equal("features.3.squeeze.bias", LpipsNetwork.TorchvisionName("net.slice2.3.squeeze.bias"));
        Assert.Null(LpipsNetwork.TorchvisionName("scaling_layer.shift"));
    }
}

/// <summary>Untrained feature networks.</summary>
internal static class FeatureNetworkSamples
{
    public static IFeatureNetwork Create(string name) =>
        name switch
        {
            "vgg16" => new Vgg16Features(),
            "alexnet" => new AlexNetFeatures(),
            "squeezenet" => new SqueezeNetFeatures(),
            _ => new DarknetTinyFeatures(),
        };
}
