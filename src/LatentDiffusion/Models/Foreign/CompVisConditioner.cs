using LatentDiffusion.Configuration;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Foreign;

/// <summary>What the YAML file of a CompVis model says of its condition.</summary>
/// <param name="root">The whole file.</param>
/// <param name="values">The parameters of the model.</param>
internal sealed class CompVisConditioner(YamlValues root, YamlValues values)
{
    private const string FirstStageAgain = "__is_first_stage__";
    private const int BertVocabulary = 30522;
    private const int TextLength = 77;

    private static readonly string[] Masked = ["mask", "masked_image"];

    private readonly YamlValues? _stage = values.Child("cond_stage_config");

    /// <summary>Whether captions are token ids, whatever the size of the vocabulary.</summary>
    public bool TakesTokens => _stage?.Child("params")?.Truth("use_tokenizer") == false;

    /// <summary>The network; null where there is none.</summary>
    public ConditionerShape? Network() =>
        _stage is null
            ? null
            : ClassOf(_stage) switch
            {
                "ClassEmbedder" => new ConditionerShape.Classes(
                    Parameters.Required("embed_dim"),
                    Parameters.Integer("n_classes") ?? 1000
                ),
                "BERTEmbedder" or "TransformerEmbedder" => new ConditionerShape.Tokens(
                    Parameters.Integer("vocab_size") ?? BertVocabulary,
                    Parameters.Integer("max_seq_len") ?? TextLength,
                    Parameters.Required("n_embed"),
                    Parameters.Required("n_layer")
                ),
                "FrozenCLIPEmbedder" => new ConditionerShape.Clip(
                    49408,
                    Parameters.Integer("max_length") ?? TextLength,
                    768,
                    12,
                    12
                ),
                "SpatialRescaler" => MapOf(),
                "Identity" => null,
                var name => throw _stage.Wrong("target", $"names the conditioner {name}, which is not known here"),
            };

    /// <summary>Whether the tokens of a network are objects and their boxes.</summary>
    /// <param name="network">The network.</param>
    public bool IsLayout(ConditionerShape? network) =>
        network is ConditionerShape.Tokens
        && (
            values.Text("cond_stage_key") is { } key
                ? key == "coordinates_bbox"
                : ForeignConditioner.IsOfLayouts(network)
        );

    /// <summary>What joins the latents as channels; null where nothing does, or nothing that is known here.</summary>
    /// <param name="unet">The UNet.</param>
    /// <param name="network">The conditioner's network.</param>
    /// <param name="firstStage">The first stage; null for pixels.</param>
    public SingleConditionerConfig? Channels(UnetConfig unet, ConditionerShape? network, FirstStageConfig? firstStage)
    {
        var (extra, key) = (unet.InChannels - unet.OutChannels, values.Text("cond_stage_key"));
        var isMasked = extra == unet.OutChannels + 1;
        if (extra <= 0)
        {
            return null;
        }

        if (values.Has("concat_keys") && !(values.Texts("concat_keys") ?? []).SequenceEqual(Masked))
        {
            throw values.Wrong("concat_keys", "must be [mask, masked_image], in this order");
        }

        if (values.Text("cond_stage_config") == FirstStageAgain)
        {
            return isMasked ? new InpaintingConfig() : null;
        }

        return network switch
        {
            ConditionerShape.Map map => ExtraChannels.Map(map, Parameters.Integer("n_stages") ?? 1, Method()),
            ConditionerShape.Clip when isMasked => ExtraChannels.StableInpainting,
            null when _stage is not null && ClassOf(_stage) == "Identity" && key is null or "LR_image" =>
                ExtraChannels.LowResolution(firstStage, Degradation()),
            _ => null,
        };
    }

    private YamlValues Parameters => _stage!.Child("params") ?? new YamlValues(new ConfigMap(_stage.Map.Location, []));

    private static string ClassOf(YamlValues stage)
    {
        var target = stage.Text("target") ?? throw stage.Wrong("target", "is missing");
        return target[(target.LastIndexOf('.') + 1)..];
    }

    private ConditionerShape.Map? MapOf()
    {
        if (Parameters.Number("multiplier") is not (null or 0.5))
        {
            throw Parameters.Wrong("multiplier", "must be 0.5: maps are halved here");
        }

        return Parameters.Integer("out_channels") is { } output
            ? new ConditionerShape.Map(Parameters.Required("in_channels"), output, Parameters.Truth("bias") ?? false)
            : null;
    }

    private RescaleMethod Method() =>
        (Parameters.Text("method") ?? "bilinear") switch
        {
            "bilinear" => RescaleMethod.Bilinear,
            "nearest" => RescaleMethod.Nearest,
            "bicubic" => RescaleMethod.Bicubic,
            "area" => RescaleMethod.Area,
            _ => throw Parameters.Wrong("method", "must be bilinear, nearest, bicubic or area"),
        };

    private LowResolutionKind Degradation() =>
        root.Child("data")?.Child("params")?.Child("train")?.Child("params")?.Text("degradation") switch
        {
            null or "bsrgan_light" => LowResolutionKind.BsrLight,
            "bsrgan" => LowResolutionKind.Bsr,
            _ => LowResolutionKind.Bicubic,
        };
}
