namespace LatentDiffusion.Tests.Support;

/// <summary>Descriptions of <see cref="SmallModels"/> in the way of CompVis' published YAML files.</summary>
internal static class SmallYaml
{
    /// <summary>The description of a model that is shown pictures or layouts.</summary>
    /// <param name="name">One of <see cref="SmallModels.Pictured"/> without a CLIP encoder, whose size is fixed there.</param>
    public static string Of(string name)
    {
        var (channels, key, condition) = name switch
        {
            "super-resolution" => (6, "LR_image", "{target: torch.nn.Identity}"),
            "inpainting" => (7, "masked_image", "__is_first_stage__"),
            "semantic-map" => (
                5,
                "segmentation",
                "{target: ldm.modules.encoders.modules.SpatialRescaler, "
                    + "params: {n_stages: 1, in_channels: 5, out_channels: 2}}"
            ),
            "layout" => (
                3,
                "coordinates_bbox",
                "{target: ldm.modules.encoders.modules.BERTEmbedder, params: {n_embed: 16, n_layer: 1, vocab_size: 8192, "
                    + "max_seq_len: 92, use_tokenizer: false}}"
            ),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
        var transformer = name == "layout" ? "use_spatial_transformer: true, context_dim: 16, " : "";
        return $$"""
            model:
              target: ldm.models.diffusion.ddpm.LatentDiffusion
              params:
                linear_start: 0.00085
                linear_end: 0.012
                image_size: 8
                channels: 3
                cond_stage_key: {{key}}
                unet_config:
                  target: ldm.modules.diffusionmodules.openaimodel.UNetModel
                  params: {image_size: 8, in_channels: {{channels}}, out_channels: 3, model_channels: 32,
                    attention_resolutions: [2], num_res_blocks: 1, channel_mult: [1, 2], {{transformer}}num_head_channels: 32}
                first_stage_config:
                  target: ldm.models.autoencoder.VQModelInterface
                  params:
                    embed_dim: 3
                    n_embed: 12
                    ddconfig: {double_z: false, z_channels: 3, resolution: 256, in_channels: 3, out_ch: 3, ch: 32,
                      ch_mult: [1, 2], num_res_blocks: 1, attn_resolutions: [128], dropout: 0.0}
                cond_stage_config: {{condition}}
            """;
    }
}
