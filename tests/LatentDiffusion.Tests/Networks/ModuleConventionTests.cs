using System.Reflection;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Networks.Unets;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

/// <summary>What TorchSharp demands of modules so that their state dicts are right.</summary>
public sealed class ModuleConventionTests
{
    [Fact]
    public void Every_module_registers_its_parts_itself()
    {
        var modules = typeof(Unet).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(torch.nn.Module)));

        var automatic = modules.Where(type =>
            type.GetMethod(
                "RegisterComponents",
                BindingFlags.Instance | BindingFlags.NonPublic
            )!.DeclaringType!.Namespace != typeof(ExplicitModule).Namespace
        );

        Assert.Empty(automatic);
    }

    [Fact]
    public void Names_stay_the_same_inside_another_module()
    {
        var config = new AutoencoderConfig
        {
            Channels = 32,
            ChannelMult = [1],
            ZChannels = 3,
        };
        using var autoencoder = new VqAutoencoder(config, embedDim: 3, codes: 4);
        var alone = autoencoder.state_dict().Keys.Select(key => $"part.{key}").ToArray();

        using var whole = new KeyGroup(("part", autoencoder));

        Assert.Equal(alone, whole.state_dict().Keys);
    }
}
