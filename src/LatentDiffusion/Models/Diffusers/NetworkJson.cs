using System.Text.Json.Nodes;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>The config.json of each network, as diffusers reads it.</summary>
internal static class NetworkJson
{
    public static JsonObject Unet(UnetConfig unet, int sampleSize)
    {
        var widths = unet.ChannelMult.Select(m => m * unet.ModelChannels).ToArray();
        var attends = unet.ChannelMult.Select((_, i) => unet.AttentionResolutions.Contains(1 << i)).ToArray();
        var json = Head(unet.UseSpatialTransformer ? "UNet2DConditionModel" : "UNet2DModel");
        json["sample_size"] = sampleSize;
        json["in_channels"] = unet.InChannels;
        json["out_channels"] = unet.OutChannels;
        json["center_input_sample"] = false;
        json["flip_sin_to_cos"] = true;
        json["freq_shift"] = 0;
        json["down_block_types"] = Texts(attends.Select((a, i) => Down(a, i == attends.Length - 1)));
        json["up_block_types"] = Texts(Enumerable.Reverse(attends).Select((a, i) => Up(a, i == attends.Length - 1)));
        json["block_out_channels"] = Numbers(widths);
        json["layers_per_block"] = unet.NumResBlocks;
        json["downsample_padding"] = 1;
        json["mid_block_scale_factor"] = 1;
        json["dropout"] = unet.Dropout;
        json["act_fn"] = "silu";
        json["norm_num_groups"] = 32;
        json["norm_eps"] = 1e-5;
        json["resnet_time_scale_shift"] = unet.UseScaleShiftNorm ? "scale_shift" : "default";
        json["num_class_embeds"] = unet.NumClasses;
        if (unet.UseSpatialTransformer)
        {
            json["cross_attention_dim"] = unet.ContextDim;
            json["transformer_layers_per_block"] = unet.TransformerDepth;
            json["use_linear_projection"] = false;
            json["attention_head_dim"] = unet.NumHeads is { } heads ? heads : Numbers(widths.Select(unet.HeadsFor));
            return json;
        }

        json["add_attention"] = true;
        json["downsample_type"] = unet.ResblockUpdown ? "resnet" : "conv";
        json["upsample_type"] = unet.ResblockUpdown ? "resnet" : "conv";
        json["attention_head_dim"] = unet.NumHeadChannels ?? widths[^1] / unet.NumHeads;
        if (unet.NumHeads is { } count)
        {
            // UNet2DModel itself knows only the channels of a head.
            json["num_attention_heads"] = count;
        }

        return json;

        string Down(bool attention, bool isLast) =>
            attention
                ? unet.UseSpatialTransformer
                    ? "CrossAttnDownBlock2D"
                    : "AttnDownBlock2D"
                : unet.ResblockUpdown && !isLast
                    ? "ResnetDownsampleBlock2D"
                    : "DownBlock2D";

        string Up(bool attention, bool isLast) =>
            attention
                ? unet.UseSpatialTransformer
                    ? "CrossAttnUpBlock2D"
                    : "AttnUpBlock2D"
                : unet.ResblockUpdown && !isLast
                    ? "ResnetUpsampleBlock2D"
                    : "UpBlock2D";
    }

    public static JsonObject FirstStage(FirstStageConfig firstStage, int imageSize, double scaleFactor)
    {
        var (network, codes, embedDim) = firstStage switch
        {
            KlConfig kl => (kl.Network, null as int?, kl.EmbedDim),
            VqConfig vq => (vq.Network, vq.Codes, vq.EmbedDim),
            _ => throw new ArgumentException("A first stage without weights has no configuration.", nameof(firstStage)),
        };
        var attends = network.ChannelMult.Select(
            (_, i) => network.AttentionResolutions.Contains(network.Resolution >> i)
        );
        var json = Head(codes is null ? "AutoencoderKL" : "VQModel");
        json["in_channels"] = network.ImageChannels;
        json["out_channels"] = network.ImageChannels;
        json["down_block_types"] = Texts(attends.Select(a => a ? "AttnDownEncoderBlock2D" : "DownEncoderBlock2D"));
        json["up_block_types"] = Texts(attends.Reverse().Select(a => a ? "AttnUpDecoderBlock2D" : "UpDecoderBlock2D"));
        json["block_out_channels"] = Numbers(network.ChannelMult.Select(m => m * network.Channels));
        json["layers_per_block"] = network.NumResBlocks;
        json["act_fn"] = "silu";
        json["latent_channels"] = network.ZChannels;
        json["norm_num_groups"] = network.NormGroups;
        json["sample_size"] = imageSize;
        json["mid_block_add_attention"] = network.Attention != AttentionType.None;
        if (codes is not null)
        {
            json["num_vq_embeddings"] = codes;
            json["vq_embed_dim"] = embedDim;
        }

        // The default of diffusers, 0.18215, is wrong for vector-quantised models.
        json["scaling_factor"] = scaleFactor;
        return json;
    }

    public static JsonObject Conditioner(ConditionerShape shape)
    {
        switch (shape)
        {
            case ConditionerShape.Tokens tokens:
                var bert = Head("LDMBertModel");
                bert["architectures"] = Texts(["LDMBertModel"]);
                bert["model_type"] = "ldmbert";
                bert["vocab_size"] = tokens.VocabularySize;
                bert["max_position_embeddings"] = tokens.Length;
                bert["encoder_layers"] = tokens.Depth;
                bert["encoder_ffn_dim"] = 4 * tokens.Width;
                bert["encoder_attention_heads"] = 8;
                bert["head_dim"] = 64;
                bert["d_model"] = tokens.Width;
                bert["activation_function"] = "gelu";
                bert["pad_token_id"] = 0;
                return bert;
            case ConditionerShape.Clip clip:
                return new JsonObject
                {
                    ["architectures"] = Texts(["CLIPTextModel"]),
                    ["model_type"] = "clip_text_model",
                    ["vocab_size"] = clip.VocabularySize,
                    ["max_position_embeddings"] = clip.Length,
                    ["hidden_size"] = clip.Width,
                    ["intermediate_size"] = 4 * clip.Width,
                    ["num_hidden_layers"] = clip.Depth,
                    ["num_attention_heads"] = clip.Heads,
                    ["hidden_act"] = "quick_gelu",
                    ["layer_norm_eps"] = 1e-5,
                    ["bos_token_id"] = clip.VocabularySize - 2,
                    ["eos_token_id"] = clip.VocabularySize - 1,
                    ["pad_token_id"] = 1,
                    ["projection_dim"] = clip.Width,
                    ["torch_dtype"] = "float32",
                };
            case ConditionerShape.Classes classes:
                var embedder = Head("LdmClassEmbedder");
                embedder["embed_dim"] = classes.EmbedDim;
                embedder["n_classes"] = classes.Labels;
                return embedder;
            case ConditionerShape.Map map:
                var rescaler = Head("LdmSpatialRescaler");
                rescaler["in_channels"] = map.InputChannels;
                rescaler["out_channels"] = map.OutputChannels;
                return rescaler;
            default:
                throw new ArgumentOutOfRangeException(nameof(shape));
        }
    }

    public static JsonArray Texts(IEnumerable<string> texts) =>
        new([.. texts.Select(text => (JsonNode)JsonValue.Create(text)!)]);

    private static JsonArray Numbers(IEnumerable<int> numbers) =>
        new([.. numbers.Select(number => (JsonNode)JsonValue.Create(number))]);

    private static JsonObject Head(string name) =>
        new() { ["_class_name"] = name, ["_diffusers_version"] = DiffusersWriter.Version };
}
