using System.Text.Json;
using System.Text.Json.Nodes;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Models.Foreign;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Text;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>Writes a model as a folder of diffusers.</summary>
internal sealed class DiffusersWriter
{
    /// <summary>The version of diffusers whose files these are.</summary>
    public const string Version = "0.30.0";

    /// <summary>The name of ours for LDM's inpainting models, whatever else they are conditioned on.</summary>
    public const string InpaintingPipeline = "LdmInpaintPipeline";

    /// <summary>The name of ours for models of layouts.</summary>
    public const string LayoutPipeline = "LdmLayoutToImagePipeline";

    /// <summary>Components of ours, which diffusers has no class for.</summary>
    public static readonly string[] OwnConditioners = ["class_embedder", "spatial_rescaler"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly IWeights _weights;
    private readonly ForeignDescription _model;
    private readonly ITokenizer? _tokenizer;
    private readonly Func<ScalarType, ScalarType> _type;
    private readonly JsonObject _index = new() { ["_class_name"] = "", ["_diffusers_version"] = Version };

    /// <param name="weights">The weights under CompVis' names.</param>
    /// <param name="model">What they are.</param>
    /// <param name="tokenizer">Its vocabulary becomes a component; null for none.</param>
    /// <param name="type">The type that elements are stored in.</param>
    public DiffusersWriter(
        IWeights weights,
        ForeignDescription model,
        ITokenizer? tokenizer,
        Func<ScalarType, ScalarType> type
    ) => (_weights, _model, _tokenizer, _type) = (weights, model, tokenizer, type);

    /// <summary>Writes the folder, whole or not at all.</summary>
    public void Write(string folder) => AtomicDirectory.Create(folder, WriteInto);

    private void WriteInto(string folder)
    {
        if (_model.Unet is not { } unet)
        {
            WriteFirstStage(folder, "");
            return;
        }

        var latent = _model.ImageSize / (_model.FirstStage?.DownsamplingFactor ?? 1);
        WriteNetwork(
            Component(folder, "unet", "diffusers", unet.UseSpatialTransformer ? "UNet2DConditionModel" : "UNet2DModel"),
            "diffusion_pytorch_model",
            NetworkJson.Unet(unet, latent),
            UnetRules.Of(UnetLayout.Of(unet))
        );
        var isClip = _model.Conditioner is ConditionerShape.Clip;
        if (_model.FirstStage is KlConfig or VqConfig)
        {
            var kind = _model.FirstStage is KlConfig ? "AutoencoderKL" : "VQModel";
            WriteFirstStage(
                Component(folder, isClip ? "vae" : "vqvae", "diffusers", kind),
                ModelTensors.FirstStagePrefix
            );
        }

        WriteConditioner(folder);
        WriteJson(
            Path.Combine(Component(folder, "scheduler", "diffusers", "DDIMScheduler"), "scheduler_config.json"),
            SchedulerJson.Write(_model.Schedule, _model.Objective.Parameterization)
        );
        if (isClip)
        {
            _index["safety_checker"] = new JsonArray(null, null);
            _index["feature_extractor"] = new JsonArray(null, null);
            _index["requires_safety_checker"] = false;
        }

        _index["_class_name"] = PipelineName(unet);
        WriteJson(Path.Combine(folder, DiffusersFolder.IndexName), _index);
    }

    private string PipelineName(UnetConfig unet)
    {
        var extra = unet.InChannels - unet.OutChannels;
        return _model.Conditioner switch
        {
            _ when _model.Channels is InpaintingConfig { Convention: InpaintingConvention.LatentDiffusion } =>
                InpaintingPipeline,
            ConditionerShape.Clip when extra > 0 => "StableDiffusionInpaintPipeline",
            ConditionerShape.Clip => "StableDiffusionPipeline",
            ConditionerShape.Tokens when _model.IsLayout => LayoutPipeline,
            ConditionerShape.Tokens { Length: 77 } => "LDMTextToImagePipeline",
            ConditionerShape.Tokens => "LdmTokensToImagePipeline",
            ConditionerShape.Classes => "LdmClassConditionalPipeline",
            ConditionerShape.Map => "LdmSemanticSynthesisPipeline",
            _ when unet.UseSpatialTransformer => "LdmRetrievalPipeline",
            _ when unet.NumClasses is not null => "LdmClassConditionalPipeline",
            _ when extra > 0 => "LDMSuperResolutionPipeline",
            _ => "LDMPipeline",
        };
    }

    private void WriteFirstStage(string folder, string prefix)
    {
        var firstStage = _model.FirstStage!;
        var network = firstStage is KlConfig kl ? kl.Network : ((VqConfig)firstStage).Network;
        WriteNetwork(
            folder,
            "diffusion_pytorch_model",
            NetworkJson.FirstStage(firstStage, _model.ImageSize, _model.ScaleFactor),
            FirstStageRules.Of(network.ChannelMult.Count, network.NumResBlocks, prefix)
        );
    }

    private void WriteConditioner(string folder)
    {
        const string Transformer = ModelTensors.ConditionerPrefix + "transformer.";
        var names = _weights.Shapes.Keys.Where(ModelTensors.IsOfConditioner).ToList();
        (string? Path, IReadOnlyList<TensorRule> Rules) part = _model.Conditioner switch
        {
            ConditionerShape.Tokens tokens => (
                Component(folder, "bert", "latent_diffusion", "LDMBertModel"),
                ConditionerRules.Tokens(tokens.Depth)
            ),
            ConditionerShape.Clip => (
                Component(folder, "text_encoder", "transformers", "CLIPTextModel"),
                ConditionerRules.Same(
                    names
                        .Where(name => name.StartsWith(Transformer, StringComparison.Ordinal))
                        .Select(name => name[Transformer.Length..]),
                    Transformer
                )
            ),
            ConditionerShape.Classes => Own(OwnConditioners[0], "LdmClassEmbedder"),
            ConditionerShape.Map => Own(OwnConditioners[1], "LdmSpatialRescaler"),
            _ => (null, []),
        };
        if (part.Path is null)
        {
            return;
        }

        WriteNetwork(part.Path, "model", NetworkJson.Conditioner(_model.Conditioner!), part.Rules);
        if (_tokenizer is not null and not TokenIdsTokenizer)
        {
            var name = _tokenizer is ClipTokenizer ? "CLIPTokenizer" : "BertTokenizer";
            TokenizerFiles.Write(Component(folder, "tokenizer", "transformers", name), _tokenizer);
        }

        (string?, IReadOnlyList<TensorRule>) Own(string component, string name) =>
            (
                Component(folder, component, "latent_diffusion", name),
                ConditionerRules.Same(
                    names.Select(n => n[ModelTensors.ConditionerPrefix.Length..]),
                    ModelTensors.ConditionerPrefix
                )
            );
    }

    private string Component(string folder, string name, string library, string kind)
    {
        _index[name] = NetworkJson.Texts([library, kind]);
        return Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
    }

    private void WriteNetwork(string folder, string stem, JsonObject config, IReadOnlyList<TensorRule> rules)
    {
        WriteJson(Path.Combine(folder, DiffusersFolder.ConfigName), config);
        SafetensorsWriter.WriteLazily(
            Path.Combine(folder, stem + ".safetensors"),
            rules.Where(rule => _weights.Shapes.ContainsKey(rule.Ours)).SelectMany(Tensors),
            new Dictionary<string, string> { ["format"] = "pt" }
        );
    }

    private IEnumerable<TensorToWrite> Tensors(TensorRule rule)
    {
        var type = _type(_weights.TypeOf(rule.Ours) ?? ScalarType.Float32);
        var shape = rule.TheirShape(_weights.Shapes[rule.Ours]);
        return rule.Theirs.Select(
            (name, part) =>
                new TensorToWrite(
                    name,
                    type,
                    shape,
                    () => rule.ToTheirs(_weights.Read(rule.Ours), part).to(type).contiguous()
                )
        );
    }

    private static void WriteJson(string path, JsonObject json) =>
        AtomicFile.WriteText(path, json.ToJsonString(Indented) + "\n");
}
