using LatentDiffusion.Checkpoints;
using LatentDiffusion.Configuration;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Models.Foreign;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Models.Foreign;

[Collection(nameof(ProcessWideState))]
public sealed class CompVisConfigTests
{
    private const string ClassConditional = """
        model:
          base_learning_rate: 1.0e-4
          target: ldm.models.diffusion.ddpm.LatentDiffusion
          params:
            linear_start: 0.0015
            linear_end: 0.0195
            timesteps: 1000
            image_size: 64
            channels: 3
            conditioning_key: crossattn
            unet_config:
              target: ldm.modules.diffusionmodules.openaimodel.UNetModel
              params:
                image_size: 64
                in_channels: 3
                out_channels: 3
                model_channels: 192
                attention_resolutions: [8, 4, 2]
                num_res_blocks: 2
                channel_mult: [1, 2, 3, 5]
                num_heads: 1
                use_spatial_transformer: true
                transformer_depth: 1
                context_dim: 512
            first_stage_config:
              target: ldm.models.autoencoder.VQModelInterface
              params:
                embed_dim: 3
                n_embed: 8192
                ddconfig:
                  double_z: false
                  z_channels: 3
                  resolution: 256
                  in_channels: 3
                  out_ch: 3
                  ch: 128
                  ch_mult: [1, 2, 4]
                  num_res_blocks: 2
                  attn_resolutions: []
                  dropout: 0.0
                lossconfig:
                  target: torch.nn.Identity
            cond_stage_config:
              target: ldm.modules.encoders.modules.ClassEmbedder
              params:
                n_classes: 1001
                embed_dim: 512
                key: class_label
        """;

    private const string FirstStage = """
        model:
          base_learning_rate: 4.5e-06
          target: ldm.models.autoencoder.AutoencoderKL
          params:
            monitor: val/rec_loss
            embed_dim: 64
            lossconfig:
              target: ldm.modules.losses.LPIPSWithDiscriminator
              params: {disc_start: 50001, kl_weight: 1.0e-06, disc_weight: 0.5}
            ddconfig:
              double_z: true
              z_channels: 64
              resolution: 256
              in_channels: 3
              out_ch: 3
              ch: 128
              ch_mult: [1, 1, 2, 2, 4, 4]
              num_res_blocks: 2
              attn_resolutions: [16, 8]
              dropout: 0.0
        data:
          target: main.DataModuleFromConfig
        """;

    [Theory]
    [InlineData(ClassConditional, "cin256-v2")]
    [InlineData(FirstStage, "first_stage_kl-f32")]
    public void A_published_configuration_has_the_published_tensors(string yaml, string list)
    {
        using var weights = ShapesOnly.Published(list);

        var report = TensorReport.Compare(weights.Shapes, Translate(yaml).Shapes());

        Assert.Equal([], report.Lines());
    }

    [Fact]
    public void Keys_that_do_not_shape_tensors_are_translated_too()
    {
        var model = Translate(
            ClassConditional
                .Replace(
                    "    timesteps: 1000",
                    "    timesteps: 500\n    parameterization: x0\n    scale_factor: 0.5",
                    StringComparison.Ordinal
                )
                .Replace("linear_start: 0.0015", "beta_schedule: cosine\n    loss_type: l1", StringComparison.Ordinal)
        );

        Assert.Equal(500, model.Schedule.Timesteps);
        Assert.Equal(BetaSchedule.Cosine, model.Schedule.Schedule);
        Assert.Equal(Parameterization.X0, model.Objective.Parameterization);
        Assert.Equal(LossType.L1, model.Objective.Loss);
        Assert.Equal(0.5, model.ScaleFactor);
        Assert.Equal(256, model.ImageSize);
        Assert.Equal(1, model.Unet!.NumHeads);
        Assert.Equal(AttentionType.Vanilla, ((VqConfig)model.FirstStage!).Network.Attention);
    }

    [Theory]
    [InlineData("num_heads: 1", "num_heads_of: 1", "'num_heads_of' is not an option of the UNet")]
    [InlineData("num_heads: 1", "dims: 3", "'dims' must be 2")]
    [InlineData("modules.ClassEmbedder", "modules.SomethingElse", "names the conditioner SomethingElse")]
    [InlineData("z_channels: 3", "z_channels: none", "'none' is not a number")]
    [InlineData(
        "ch_mult: [1, 2, 4]",
        "attn_type: other\n          ch_mult: [1, 2, 4]",
        "must be vanilla, linear or none"
    )]
    [InlineData("model_channels: 192", "model_channels: 0.5", "must be a whole number")]
    public void What_is_not_understood_is_named_with_its_place(string part, string replacement, string why)
    {
        var refusal = Assert.Throws<ConfigException>(() =>
            Translate(ClassConditional.Replace(part, replacement, StringComparison.Ordinal))
        );
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith("model.yaml:", refusal.Message, StringComparison.Ordinal);
    }

    private static ForeignDescription Translate(string yaml) =>
        CompVisConfig.Translate(ConfigDocument.Parse(yaml, "model.yaml"));
}
