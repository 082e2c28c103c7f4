using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tensors;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Tensors;

public sealed class MetaDeviceTests
{
    private static readonly UnetConfig Unet = new()
    {
        InChannels = 3,
        OutChannels = 3,
        ModelChannels = 32,
        ChannelMult = [1, 2],
        NumResBlocks = 1,
        AttentionResolutions = [2],
        NumHeads = 2,
        NumClasses = 5,
        UseSpatialTransformer = true,
        ContextDim = 8,
    };

    public static TheoryData<string> Networks => [.. Builders.Keys];

    private static Dictionary<string, Func<torch.nn.Module>> Builders { get; } =
        new()
        {
            ["unet"] = () => new Unet(Unet),
            ["kl"] = () => new KlAutoencoder(Autoencoder, embedDim: 4),
            ["vq"] = () => new VqAutoencoder(Autoencoder, embedDim: 4, codes: 16),
            ["text"] = () => new TokenTransformer(100, 16, 8, 1),
            ["clip"] = () => new ClipTextTransformer(100, 16, 8, 1, 2),
            ["classes"] = () => new ClassEmbedder(8, 4),
        };

    private static AutoencoderConfig Autoencoder =>
        new()
        {
            Channels = 32,
            ChannelMult = [1, 2],
            ZChannels = 4,
        };

    [Theory]
    [MemberData(nameof(Networks))]
    public void No_weight_has_memory(string network)
    {
        using var module = MetaDevice.Build(Builders[network]);

        Assert.NotEmpty(module.named_parameters());
        Assert.All(module.named_parameters(), p => Assert.Equal(DeviceType.META, p.parameter.device_type));
    }

    [Fact]
    public void Other_threads_and_later_modules_have_memory()
    {
        using var built = MetaDevice.Build(() =>
        {
            var allHaveMemory = false;
            // A task might run on this thread while it is waited for.
            var elsewhere = new Thread(() =>
            {
                using var module = new Unet(Unet);
                using var tensor = torch.zeros(2);
                allHaveMemory = module.parameters().Append(tensor).All(p => p.device_type == DeviceType.CPU);
            });
            elsewhere.Start();
            elsewhere.Join();
            Assert.True(allHaveMemory);
            return new Unet(Unet);
        });

        using var later = new Unet(Unet);
        Assert.All(later.parameters(), p => Assert.Equal(DeviceType.CPU, p.device_type));
    }

    [Fact]
    public void A_build_that_fails_leaves_nothing_behind()
    {
        Assert.Throws<InvalidOperationException>(() =>
            MetaDevice.Build<torch.nn.Module>(() => throw new InvalidOperationException())
        );

        using var later = new ClassEmbedder(8, 4);
        Assert.Equal(DeviceType.CPU, later.parameters().First().device_type);
    }
}
