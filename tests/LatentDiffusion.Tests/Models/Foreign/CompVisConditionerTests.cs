using LatentDiffusion.Configuration;
using LatentDiffusion.Models;
using LatentDiffusion.Models.Foreign;
using LatentDiffusion.Models.Published;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Models.Foreign;

/// <summary>Conditions of published models of full size, without their weights.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class CompVisConditionerTests
{
    private const string StableInpainting = """
        model:
          target: ldm.models.diffusion.ddpm.LatentInpaintDiffusion
          params:
            linear_start: 0.00085
            linear_end: 0.0120
            first_stage_key: jpg
            cond_stage_key: txt
            image_size: 64
            channels: 4
            conditioning_key: hybrid
            scale_factor: 0.18215
            unet_config:
              target: ldm.modules.diffusionmodules.openaimodel.UNetModel
              params: {in_channels: 9, out_channels: 4, model_channels: 320, attention_resolutions: [4, 2, 1],
                num_res_blocks: 2, channel_mult: [1, 2, 4, 4], num_heads: 8, use_spatial_transformer: true,
                transformer_depth: 1, context_dim: 768, use_checkpoint: true, legacy: false}
            first_stage_config:
              target: ldm.models.autoencoder.AutoencoderKL
              params:
                embed_dim: 4
                ddconfig: {double_z: true, z_channels: 4, resolution: 256, in_channels: 3, out_ch: 3, ch: 128,
                  ch_mult: [1, 2, 4, 4], num_res_blocks: 2, attn_resolutions: [], dropout: 0.0}
            cond_stage_config:
              target: ldm.modules.encoders.modules.FrozenCLIPEmbedder
        """;

    public static TheoryData<string> Lists => ["bsr_sr", "inpainting_big", "semantic256", "layout2img"];

    [Theory]
    [MemberData(nameof(Lists))]
    public void A_published_list_of_tensors_becomes_a_model_that_can_be_built(string list)
    {
        using var weights = ShapesOnly.Published(list);

        var config = (LatentDiffusionModelConfig)DetectedDescription.Of(weights).ToConfig("model.ckpt", null);

        ConditionerConfig expected = list switch
        {
            "bsr_sr" => new SuperResolutionConfig { Degradation = LowResolutionKind.BsrLight },
            "inpainting_big" => new InpaintingConfig(),
            "semantic256" => new SemanticMapConfig { DropProbability = 0 },
            _ => new LayoutConfig
            {
                EmbedDim = 512,
                Depth = 16,
                DropProbability = 0,
            },
        };
        Assert.Equal(expected, config.Conditioner);
        Assert.Equal(list == "semantic256" ? 182 : 0, config.MapLabels.Count);
        Assert.Equal(list == "layout2img" ? 354 : 0, config.LayoutLabels.Count);
        Assert.Equal(PublishedModels.Models[list].Unet.InChannels, config.Unet.InChannels);
    }

    [Fact]
    public void Stable_diffusions_inpainting_is_text_and_masked_image_in_its_order()
    {
        var config = Translate(StableInpainting);

        var parts = Assert.IsType<HybridConfig>(config.Conditioner).Parts;
        Assert.Equal(768, Assert.IsType<ClipTextConfig>(parts[0]).EmbedDim);
        Assert.Equal(
            new InpaintingConfig { Convention = InpaintingConvention.StableDiffusion },
            Assert.IsType<InpaintingConfig>(parts[1])
        );
        Assert.Equal(512, config.ImageSize);
    }

    [Theory]
    [InlineData(
        "    image_size: 64",
        "    concat_keys: [masked_image, mask]\n    image_size: 64",
        "must be [mask, masked"
    )]
    [InlineData("in_channels: 9", "in_channels: 8", "takes 8 channels and predicts 4")]
    public void Other_channels_are_refused(string part, string replacement, string why)
    {
        var refusal = Assert.ThrowsAny<Exception>(() =>
            Translate(StableInpainting.Replace(part, replacement, StringComparison.Ordinal))
        );

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bsrgan_light", LowResolutionKind.BsrLight)]
    [InlineData("bsrgan", LowResolutionKind.Bsr)]
    [InlineData("pil_bicubic", LowResolutionKind.Bicubic)]
    public void How_low_resolution_was_made_is_read_from_the_data(string degradation, LowResolutionKind kind)
    {
        var data = $"\ndata:\n  params:\n    train:\n      params: {{degradation: {degradation}}}\n";

        var config = Translate(SmallYaml.Of("super-resolution") + data);

        Assert.Equal(new SuperResolutionConfig { Scale = 2, Degradation = kind }, config.Conditioner);
    }

    [Theory]
    [InlineData("n_stages: 1", "n_stages: 1, method: nearest", RescaleMethod.Nearest, 1)]
    [InlineData("n_stages: 1", "n_stages: 3", RescaleMethod.Bilinear, 3)]
    public void How_maps_are_scaled_is_read(string part, string replacement, RescaleMethod method, int stages)
    {
        var config = Translate(SmallYaml.Of("semantic-map").Replace(part, replacement, StringComparison.Ordinal));

        var map = Assert.IsType<SemanticMapConfig>(config.Conditioner);
        Assert.Equal((method, stages), (map.Method, map.Stages));
    }

    [Theory]
    [InlineData("semantic-map", "n_stages: 1", "n_stages: 1, multiplier: 0.25", "'multiplier' must be 0.5")]
    [InlineData("semantic-map", "n_stages: 1", "n_stages: 1, bias: true", "channel_mapper.bias")]
    [InlineData("layout", "max_seq_len: 92", "max_seq_len: 91", "layouts of 91 tokens")]
    public void What_cannot_be_built_is_named(string name, string part, string replacement, string why)
    {
        var refusal = Assert.ThrowsAny<Exception>(() =>
            Translate(SmallYaml.Of(name).Replace(part, replacement, StringComparison.Ordinal))
        );

        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    private static LatentDiffusionModelConfig Translate(string yaml) =>
        (LatentDiffusionModelConfig)
            CompVisConfig.Translate(ConfigDocument.Parse(yaml, "model.yaml")).ToConfig("model.ckpt", null);
}
