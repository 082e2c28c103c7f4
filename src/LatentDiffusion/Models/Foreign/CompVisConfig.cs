using LatentDiffusion.Configuration;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Foreign;

/// <summary>Translates the YAML files of CompVis' models.</summary>
internal static class CompVisConfig
{
    // Of no effect on the network: memory, precision, the training image's size, options that the reference ignores.
    private static readonly string[] UnetIgnored =
    [
        "image_size",
        "legacy",
        "use_checkpoint",
        "use_fp16",
        "num_heads_upsample",
        "use_bf16",
    ];

    private static readonly string[] UnetKnown =
    [
        "in_channels",
        "out_channels",
        "model_channels",
        "channel_mult",
        "num_res_blocks",
        "attention_resolutions",
        "dropout",
        "conv_resample",
        "num_heads",
        "num_head_channels",
        "use_scale_shift_norm",
        "resblock_updown",
        "use_new_attention_order",
        "use_spatial_transformer",
        "transformer_depth",
        "context_dim",
        "num_classes",
        "n_embed",
        "dims",
    ];

    /// <summary>Whether a document is of this kind.</summary>
    public static bool IsOne(ConfigDocument document) =>
        new YamlValues(document.Root).Child("model") is { } model && model.Text("target") is not null;

    /// <summary>Translates a document.</summary>
    /// <exception cref="ConfigException">A value is missing, or stands for something that cannot be built here.</exception>
    public static ForeignDescription Translate(ConfigDocument document)
    {
        var root = new YamlValues(document.Root);
        var model = root.Child("model") ?? throw new ConfigException(root.Map.Location, "there is no 'model' mapping");
        var values = model.Child("params") ?? throw model.Wrong("params", "is missing");
        if (values.Child("unet_config") is not { } unet)
        {
            return FirstStageOf(model) is { } alone
                ? new ForeignDescription { FirstStage = alone, ImageSize = ResolutionOf(values) ?? 256 }
                : throw values.Wrong("unet_config", "is missing");
        }

        var firstStage = values.Child("first_stage_config") is { } stage ? FirstStageOf(stage) : null;
        var unetConfig = UnetOf(unet);
        var condition = new CompVisConditioner(root, values);
        var network = condition.Network();
        return new ForeignDescription
        {
            Unet = unetConfig,
            FirstStage = firstStage,
            Conditioner = network,
            Channels = condition.Channels(unetConfig, network, firstStage),
            IsLayout = condition.IsLayout(network),
            TakesTokens = condition.TakesTokens,
            Schedule = ScheduleOf(values),
            Objective = ObjectiveOf(values),
            ScaleFactor = values.Number("scale_factor") ?? 1,
            ImageSize = (values.Integer("image_size") ?? 64) * (firstStage?.DownsamplingFactor ?? 1),
        };
    }

    private static UnetConfig UnetOf(YamlValues unet)
    {
        var p = unet.Child("params") ?? throw unet.Wrong("params", "is missing");
        if (p.Map.Entries.FirstOrDefault(e => !UnetKnown.Contains(e.Key) && !UnetIgnored.Contains(e.Key)) is { } other)
        {
            throw p.Wrong(other.Key, "is not an option of the UNet that is known here");
        }

        if (p.Integer("dims") is not (null or 2))
        {
            throw p.Wrong("dims", "must be 2: only images are made here");
        }

        // The reference marks "not given" by -1.
        var heads = p.Positive("num_heads");
        var perHead = p.Positive("num_head_channels");
        return new UnetConfig
        {
            InChannels = p.Required("in_channels"),
            OutChannels = p.Required("out_channels"),
            ModelChannels = p.Required("model_channels"),
            ChannelMult = p.Integers("channel_mult") ?? [1, 2, 4, 8],
            NumResBlocks = p.Required("num_res_blocks"),
            AttentionResolutions = p.Integers("attention_resolutions") ?? [],
            Dropout = p.Number("dropout") ?? 0,
            ConvResample = p.Truth("conv_resample") ?? true,
            NumHeads = perHead is null ? heads ?? throw p.Wrong("num_heads", "or num_head_channels is missing") : null,
            NumHeadChannels = perHead,
            UseScaleShiftNorm = p.Truth("use_scale_shift_norm") ?? false,
            ResblockUpdown = p.Truth("resblock_updown") ?? false,
            UseNewAttentionOrder = p.Truth("use_new_attention_order") ?? false,
            UseSpatialTransformer = p.Truth("use_spatial_transformer") ?? false,
            TransformerDepth = p.Integer("transformer_depth") ?? 1,
            ContextDim = ContextOf(p),
            NumClasses = p.Integer("num_classes"),
            NEmbed = p.Integer("n_embed"),
        };
    }

    // May be a list with one entry per transformer block, all equal here.
    private static int? ContextOf(YamlValues p) =>
        p.Map.Find("context_dim")?.Value is ConfigList
            ? p.Integers("context_dim")!.Distinct().ToList() is [var only]
                ? only
                : throw p.Wrong("context_dim", "must be the same for all blocks")
            : p.Integer("context_dim");

    private static FirstStageConfig? FirstStageOf(YamlValues stage)
    {
        var target = stage.Text("target") ?? "";
        if (target.EndsWith("IdentityFirstStage", StringComparison.Ordinal))
        {
            return null;
        }

        if (stage.Child("params") is not { } p || p.Child("ddconfig") is not { } d)
        {
            throw stage.Wrong("params", "has no ddconfig");
        }

        var network = new AutoencoderConfig
        {
            ImageChannels = d.Required("in_channels"),
            Channels = d.Required("ch"),
            ChannelMult = d.Integers("ch_mult") ?? throw d.Wrong("ch_mult", "is missing"),
            NumResBlocks = d.Required("num_res_blocks"),
            AttentionResolutions = d.Integers("attn_resolutions") ?? [],
            Resolution = d.Required("resolution"),
            Attention = (d.Text("attn_type") ?? "vanilla") switch
            {
                "vanilla" or "vanilla-xformers" => AttentionType.Vanilla,
                "linear" => AttentionType.Linear,
                "none" => AttentionType.None,
                _ => throw d.Wrong("attn_type", "must be vanilla, linear or none"),
            },
            ZChannels = d.Required("z_channels"),
            Dropout = d.Number("dropout") ?? 0,
        };
        var embedDim = p.Required("embed_dim");
        return p.Integer("n_embed") is { } codes
            ? new VqConfig
            {
                Network = network,
                EmbedDim = embedDim,
                Codes = codes,
            }
            : new KlConfig { Network = network, EmbedDim = embedDim };
    }

    private static NoiseScheduleConfig ScheduleOf(YamlValues p) =>
        new()
        {
            Schedule = (p.Text("beta_schedule") ?? "linear") switch
            {
                "linear" => BetaSchedule.Linear,
                "sqrt_linear" => BetaSchedule.SqrtLinear,
                "cosine" => BetaSchedule.Cosine,
                "sqrt" => BetaSchedule.Sqrt,
                _ => throw p.Wrong("beta_schedule", "must be linear, sqrt_linear, cosine or sqrt"),
            },
            Timesteps = p.Integer("timesteps") ?? 1000,
            LinearStart = p.Number("linear_start") ?? 1e-4,
            LinearEnd = p.Number("linear_end") ?? 2e-2,
            CosineS = p.Number("cosine_s") ?? 8e-3,
            VPosterior = p.Number("v_posterior") ?? 0,
        };

    private static DiffusionObjectiveConfig ObjectiveOf(YamlValues p) =>
        new()
        {
            Parameterization = (p.Text("parameterization") ?? "eps") switch
            {
                "eps" => Parameterization.Eps,
                "x0" => Parameterization.X0,
                "v" => Parameterization.V,
                _ => throw p.Wrong("parameterization", "must be eps, x0 or v"),
            },
            Loss = p.Text("loss_type") == "l1" ? LossType.L1 : LossType.L2,
            SimpleWeight = p.Number("l_simple_weight") ?? 1,
            VlbWeight = p.Number("original_elbo_weight") ?? 0,
            LogvarInit = p.Number("logvar_init") ?? 0,
            LearnLogvar = p.Truth("learn_logvar") ?? false,
        };

    private static int? ResolutionOf(YamlValues p) => p.Child("ddconfig")?.Integer("resolution");
}
