using LatentDiffusion.Models.Published;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

/// <summary>Every published checkpoint's names, shapes and number of weights, from models without memory.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class PublishedKeyTests
{
    private const string FirstStageList = "first_stage_";

    public static TheoryData<string> FirstStages => [.. PublishedModels.FirstStages.Keys];

    public static TheoryData<string> Models => [.. PublishedModels.Models.Keys];

    public static TheoryData<string> Described => [.. PublishedModels.Described.Keys];

    [Fact]
    public void Every_published_list_has_its_model()
    {
        var known = PublishedModels
            .FirstStages.Keys.Select(n => FirstStageList + n)
            .Concat(PublishedModels.Models.Keys);

        Assert.Equal(KeyList.Names().Order(StringComparer.Ordinal), known.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(FirstStages))]
    public void A_first_stage_has_the_published_weights(string name)
    {
        var published = PublishedModels.FirstStages[name];
        using var model = MetaDevice.Build(published.Build);

        KeyList.Matches(KeyList.Read(FirstStageList + name), model);
        Assert.Equal(published.Parameters, Count(model));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_latent_diffusion_model_has_the_published_weights(string name)
    {
        var published = PublishedModels.Models[name];
        var list = KeyList.Read(name);
        using var unet = MetaDevice.Build(() => new Unet(published.Unet));
        using var firstStage = MetaDevice.Build(PublishedModels.FirstStages[published.FirstStage].Build);

        KeyList.Matches(list.Below("model.diffusion_model."), unet);
        KeyList.Matches(list.Below("first_stage_model."), firstStage);
        Assert.Equal(published.UnetParameters, Count(unet));
        Assert.Equal(PublishedModels.FirstStages[published.FirstStage].Parameters, Count(firstStage));

        var rest = list.Keys.Where(key =>
            !key.StartsWith("model.diffusion_model.", StringComparison.Ordinal)
            && !key.StartsWith("first_stage_model.", StringComparison.Ordinal)
        );
        if (published is not { ClassEmbedder: null, Transformer: null, ChannelMapper: null })
        {
            using var conditioner = MetaDevice.Build(() => published.BuildConditioner()!);
            KeyList.Matches(list.Below("cond_stage_model."), conditioner);
            var expected =
                published.ClassEmbedder is { } shape ? shape.EmbedDim * shape.Classes
                : published.ChannelMapper is { } map ? map.Labels * map.Channels
                : published.Transformer!.Parameters;
            Assert.Equal(expected, Count(conditioner));
            rest = rest.Where(key => !key.StartsWith("cond_stage_model.", StringComparison.Ordinal));
        }

        Assert.Empty(rest);
    }

    [Theory]
    [MemberData(nameof(Described))]
    public void A_unet_of_the_paper_has_the_described_number_of_weights(string name)
    {
        var (config, millions) = PublishedModels.Described[name];
        using var unet = MetaDevice.Build(() => new Unet(config));

        Assert.Equal(millions, Math.Round(Count(unet) / 1e6, 1));
    }

    [Fact]
    public void The_small_inpainting_unet_has_the_reported_number_of_weights()
    {
        using var unet = MetaDevice.Build(() => new Unet(PublishedModels.SmallInpainting));

        Assert.Equal(215_230_467, Count(unet));
    }

    [Fact]
    public void A_model_without_memory_really_has_none()
    {
        using var unet = MetaDevice.Build(() => new Unet(PublishedModels.Models["rdm768"].Unet));

        Assert.All(unet.state_dict().Values, tensor => Assert.Equal(DeviceType.META, tensor.device_type));
        using var ordinary = torch.ones(1);
        Assert.Equal(DeviceType.CPU, ordinary.device_type);
    }

    private static long Count(torch.nn.Module module) => module.parameters().Sum(p => p.numel());
}
