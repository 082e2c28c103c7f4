using LatentDiffusion.Checkpoints;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Models.Foreign;
using LatentDiffusion.Models.Published;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Models.Detection;

[Collection(nameof(ProcessWideState))]
public sealed class ModelArchitectureTests
{
    public static TheoryData<string> Lists => [.. KeyList.Names()];

    public static TheoryData<string> Unets => [.. GoldenCase.Names("unet")];

    /// <summary>Every published checkpoint: built again from names and shapes alone, it has exactly those tensors.</summary>
    [Theory]
    [MemberData(nameof(Lists))]
    public void A_published_checkpoint_is_detected_from_names_and_shapes(string list)
    {
        using var weights = ShapesOnly.Published(list);

        var description = DetectedDescription.Of(weights);

        var report = TensorReport.Compare(weights.Shapes, description.Shapes());
        Assert.Equal([], report.Lines());
        if (PublishedModels.Models.TryGetValue(list, out var published))
        {
            var heads = description.Unet!.ChannelMult.Select(m =>
                description.Unet.HeadsFor(m * description.Unet.ModelChannels)
            );
            Assert.Equal(
                published.Unet.ChannelMult.Select(m => published.Unet.HeadsFor(m * published.Unet.ModelChannels)),
                heads
            );
            Assert.DoesNotContain(
                description.Notes,
                note => note.Contains("attention heads", StringComparison.Ordinal)
            );
        }
    }

    [Theory]
    [MemberData(nameof(Unets))]
    public void A_unet_of_any_option_is_detected(string name)
    {
        var config = GoldenCase.Load("unet", name).Config<UnetConfig>();
        config = config with { UseSpatialTransformer = config.ContextDim is not null };
        if (config.NumHeads is null && config.NumHeadChannels is null)
        {
            config = config with { NumHeads = 1 };
        }

        AssertDetected(config);
    }

    [Fact]
    public void Levels_and_blocks_of_any_number_are_detected()
    {
        var plain = new UnetConfig
        {
            InChannels = 4,
            OutChannels = 3,
            ModelChannels = 32,
            NumHeads = 1,
        };
        AssertDetected(plain with { ChannelMult = [1], NumResBlocks = 3 });
        AssertDetected(plain with { ChannelMult = [1, 1, 2], NumResBlocks = 1, AttentionResolutions = [4] });
        AssertDetected(plain with { ChannelMult = [2, 1, 4], NumResBlocks = 2, ConvResample = false });
        AssertDetected(plain with { ChannelMult = [1, 3], ResblockUpdown = true, AttentionResolutions = [1, 2] });
        AssertDetected(plain with { ChannelMult = [1, 2], NEmbed = 10, NumClasses = 7, UseScaleShiftNorm = true });
    }

    [Theory]
    [InlineData(AttentionType.None)]
    [InlineData(AttentionType.Linear)]
    [InlineData(AttentionType.Vanilla)]
    public void A_first_stage_of_any_attention_is_detected(AttentionType attention)
    {
        var network = new AutoencoderConfig
        {
            Channels = 32,
            ChannelMult = [1, 2],
            NumResBlocks = 1,
            ZChannels = 4,
            Attention = attention,
            AttentionResolutions = [128],
        };
        foreach (
            var config in new FirstStageConfig[]
            {
                new KlConfig { Network = network, EmbedDim = 3 },
                new VqConfig
                {
                    Network = network,
                    EmbedDim = 3,
                    Codes = 9,
                },
            }
        )
        {
            using var built = MetaDevice.Build(config.Build);
            var shapes = ModuleState.Of(built).ToDictionary(t => t.Key, t => (IReadOnlyList<long>)t.Value.shape);
            var detected = ModelArchitecture.Detect(shapes).FirstStage!;
            using var again = MetaDevice.Build(detected.Build);
            KeyList.Matches(shapes.ToDictionary(s => s.Key, s => s.Value.ToArray()), again);
            Assert.Equal(config.GetType(), detected.GetType());
        }
    }

    [Fact]
    public void What_is_no_model_is_not_detected()
    {
        Dictionary<string, IReadOnlyList<long>> strange = new()
        {
            ["conv.weight"] = [3, 3],
            ["model.diffusion_model.input_blocks.0.0.weight"] = [0, -1, long.MaxValue],
            ["first_stage_model.encoder.conv_in.weight"] = [],
            ["cond_stage_model.transformer.token_emb.weight"] = [1],
        };
        Assert.True(ModelArchitecture.Detect(strange).IsEmpty);
    }

    private static void AssertDetected(UnetConfig config)
    {
        using var built = MetaDevice.Build(() => new Unet(config));
        var shapes = ModuleState
            .Of(built, "model.diffusion_model.")
            .ToDictionary(t => t.Key, t => (IReadOnlyList<long>)t.Value.shape);

        var detected = ModelArchitecture.Detect(shapes).Unet;

        Assert.NotNull(detected);
        Assert.Equal(config.NumResBlocks, detected.NumResBlocks);
        Assert.Equal(config.ChannelMult, detected.ChannelMult);
        Assert.Equal(config.ResblockUpdown, detected.ResblockUpdown);
        Assert.Equal(config.ConvResample, detected.ConvResample);
        using var again = MetaDevice.Build(() => new Unet(detected));
        KeyList.Matches(
            shapes.ToDictionary(s => s.Key["model.diffusion_model.".Length..], s => s.Value.ToArray()),
            again
        );
    }
}
