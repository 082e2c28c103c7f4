using LatentDiffusion.Checkpoints;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Models.Foreign;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>A folder of diffusers: a pipeline (model_index.json and its components), or a first stage on its own.</summary>
internal sealed class DiffusersFolder
{
    public const string IndexName = "model_index.json";
    public const string ConfigName = "config.json";

    private static readonly string[] FirstStageNames = ["vae", "vqvae", "first_stage"];

    private readonly string _path;
    private readonly DiffusersWeights _weights;
    private JsonValues? _unet;
    private JsonValues? _firstStage;
    private string? _pipeline;

    private DiffusersFolder(string path) => (_path, _weights) = (path, new DiffusersWeights(path));

    /// <summary>The weights under CompVis' names.</summary>
    public IWeights Weights => _weights;

    /// <summary>What the folder describes.</summary>
    public ForeignDescription Description { get; private set; } = new();

    /// <summary>Whether a path is such a folder.</summary>
    public static bool IsOne(string path) =>
        File.Exists(Path.Combine(path, IndexName))
        || (
            File.Exists(Path.Combine(path, ConfigName))
            && JsonValues.Load(Path.Combine(path, ConfigName)).Text("_class_name") is "AutoencoderKL" or "VQModel"
        );

    /// <summary>Opens a folder.</summary>
    /// <exception cref="UserInputException">A file is missing or damaged, or describes something not known here.</exception>
    public static DiffusersFolder Open(string path)
    {
        var folder = new DiffusersFolder(path);
        try
        {
            folder.Read();
            return folder;
        }
        catch
        {
            folder._weights.Dispose();
            throw;
        }
    }

    private void Read()
    {
        if (!File.Exists(Path.Combine(_path, IndexName)))
        {
            AddFirstStage(_path, "");
            Describe();
            return;
        }

        var index = JsonValues.Load(Path.Combine(_path, IndexName));
        _pipeline = index.Text("_class_name");
        if (index.HasComponent("unet"))
        {
            AddUnet(Path.Combine(_path, "unet"));
        }

        if (Array.Find(FirstStageNames, index.HasComponent) is { } stage)
        {
            AddFirstStage(Path.Combine(_path, stage), ModelTensors.FirstStagePrefix);
        }

        if (index.HasComponent("bert"))
        {
            var file = OpenWeights(Path.Combine(_path, "bert"));
            var depth = new TensorShapes(file.Shapes).Count("model.layers");
            _weights.Add(file, ConditionerRules.Tokens(depth), ModelTensors.ConditionerPrefix);
        }
        else if (index.HasComponent("text_encoder"))
        {
            RequireClip(Path.Combine(_path, "text_encoder", ConfigName));
            AddSame("text_encoder", ModelTensors.ConditionerPrefix + "transformer.");
        }
        else if (Array.Find(DiffusersWriter.OwnConditioners, index.HasComponent) is { } own)
        {
            AddSame(own, ModelTensors.ConditionerPrefix);
        }

        Describe();
    }

    private void AddUnet(string folder)
    {
        _unet = JsonValues.Load(Path.Combine(folder, ConfigName));
        var file = OpenWeights(folder);
        var layout =
            UnetLayout.Of(new TensorShapes(DiffusersWeights.ShapesOf(file)))
            ?? throw new UserInputException($"{file.Path} holds no UNet of diffusers.");
        var channels = _unet.Numbers("block_out_channels") ?? throw _unet.Wrong("block_out_channels");
        if (channels.Count != layout.Levels)
        {
            throw _unet.Wrong("block_out_channels");
        }

        var heads = Heads(layout.IsTransformer, channels);
        var known = layout with { Heads = level => HeadsFor(heads, (int)channels[level]) };
        _weights.Add(file, UnetRules.Of(known), ModelTensors.UnetPrefix);
    }

    private void AddFirstStage(string folder, string prefix)
    {
        _firstStage = JsonValues.Load(Path.Combine(folder, ConfigName));
        var file = OpenWeights(folder);
        var shapes = new TensorShapes(DiffusersWeights.ShapesOf(file));
        var (levels, blocks) = (shapes.Count("encoder.down_blocks"), shapes.Count("encoder.down_blocks.0.resnets"));
        _weights.Add(file, FirstStageRules.Of(levels, blocks, prefix), prefix);
    }

    private void AddSame(string component, string prefix)
    {
        var file = OpenWeights(Path.Combine(_path, component));
        _weights.Add(file, ConditionerRules.Same(file.Shapes.Keys, prefix), prefix);
    }

    // Later models have text encoders of the same names that compute something else.
    private static void RequireClip(string config)
    {
        if (!File.Exists(config))
        {
            return;
        }

        var json = JsonValues.Load(config);
        if (json.Text("hidden_act") is not (null or "quick_gelu"))
        {
            throw json.Wrong("hidden_act");
        }
    }

    private void Describe()
    {
        var detected = ModelArchitecture.Detect(_weights.Shapes);
        var scheduler = Path.Combine(_path, "scheduler", "scheduler_config.json");
        var (schedule, prediction) = File.Exists(scheduler)
            ? SchedulerJson.Read(JsonValues.Load(scheduler))
            : (new NoiseScheduleConfig(), Parameterization.Eps);
        var latent = _unet?.Integer("sample_size");
        var f = detected.FirstStage?.DownsamplingFactor ?? 1;
        var unet = detected.Unet is { } found && _unet is not null ? WithConfig(found) : null;
        Description = new ForeignDescription
        {
            Unet = unet,
            FirstStage = WithGroups(detected.FirstStage),
            Conditioner = detected.Conditioner,
            Channels = unet is null ? null : ChannelsOf(unet, detected),
            IsLayout =
                _pipeline == DiffusersWriter.LayoutPipeline || ForeignConditioner.IsOfLayouts(detected.Conditioner),
            Schedule = schedule,
            Objective = new DiffusionObjectiveConfig { Parameterization = prediction },
            ScaleFactor = _firstStage?.Number("scaling_factor") ?? (detected.FirstStage is KlConfig ? 0.18215 : 1),
            ImageSize = latent is { } size ? size * f : _firstStage?.Integer("sample_size") ?? 256,
        };
    }

    // Shapes do not tell LDM's way to show holes from Stable Diffusion's where there is text.
    private SingleConditionerConfig? ChannelsOf(UnetConfig unet, ModelArchitecture detected) =>
        _pipeline == DiffusersWriter.InpaintingPipeline
            ? new InpaintingConfig()
            : ExtraChannels.Guess(unet, detected.Conditioner, detected.FirstStage);

    private FirstStageConfig? WithGroups(FirstStageConfig? detected) =>
        (detected, _firstStage?.Positive("norm_num_groups")) switch
        {
            (KlConfig kl, { } groups) => kl with { Network = kl.Network with { NormGroups = groups } },
            (VqConfig vq, { } groups) => vq with { Network = vq.Network with { NormGroups = groups } },
            _ => detected,
        };

    // Heads and dropout are the only things that the shapes do not say.
    private UnetConfig WithConfig(UnetConfig detected)
    {
        var widths = detected.ChannelMult.Select(m => (double)m * detected.ModelChannels).ToList();
        var (count, channels) = Heads(detected.UseSpatialTransformer, widths);
        return detected with { NumHeads = count, NumHeadChannels = channels, Dropout = _unet!.Number("dropout") ?? 0 };
    }

    // In a UNet with cross-attention "attention_head_dim" is the number of heads, for historical reasons.
    private (int? Count, int? Channels) Heads(bool isTransformer, IReadOnlyList<double> widths)
    {
        if (_unet!.Positive("num_attention_heads") is { } explicitly)
        {
            return (explicitly, null);
        }

        if (!isTransformer)
        {
            var channels = _unet.Positive("attention_head_dim");
            return (channels is null ? 1 : null, channels);
        }

        if (_unet.Numbers("attention_head_dim") is { } list)
        {
            var counts = list.Distinct().ToList();
            if (counts.Count == 1 && counts[0] >= 1)
            {
                return ((int)counts[0], null);
            }

            var perHead = widths.Zip(list, (width, heads) => width / heads).Distinct().ToList();
            return list.Count == widths.Count && perHead.Count == 1 && perHead[0] >= 1
                ? (null, (int)perHead[0])
                : throw _unet.Wrong("attention_head_dim");
        }

        return (_unet.Positive("attention_head_dim") ?? 8, null);
    }

    private static int HeadsFor((int? Count, int? Channels) heads, int width) =>
        Math.Max(1, heads.Count ?? width / heads.Channels!.Value);

    private static IWeights OpenWeights(string folder)
    {
        string[] stems =
        [
            "diffusion_pytorch_model",
            "model",
            "pytorch_model",
            "diffusion_pytorch_model.fp16",
            "model.fp16",
        ];
        string[] endings = [".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json"];
        var path = endings
            .SelectMany(ending => stems.Select(stem => Path.Combine(folder, stem + ending)))
            .FirstOrDefault(File.Exists);
        return path is null
            ? throw new UserInputException(
                $"{folder} holds no weights: {stems[0]}.safetensors or {stems[1]}.safetensors is expected."
            )
            : WeightsFile.Open(path);
    }
}
