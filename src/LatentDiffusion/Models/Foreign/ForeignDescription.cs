using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Foreign;

/// <summary>A model of another program, however it was described: by its YAML, its JSON files, or its tensors alone.</summary>
internal sealed record ForeignDescription
{
    private const string Advice = "'ldm inspect' shows what is in it; a configuration (--config) may help.";

    public UnetConfig? Unet { get; init; }

    public FirstStageConfig? FirstStage { get; init; }

    public ConditionerShape? Conditioner { get; init; }

    /// <summary>What joins the latents as channels; null where nothing does, or it is not known what.</summary>
    public SingleConditionerConfig? Channels { get; init; }

    /// <summary>Whether the conditioner's tokens are objects and their boxes.</summary>
    public bool IsLayout { get; init; }

    public NoiseScheduleConfig Schedule { get; init; } = new();

    public DiffusionObjectiveConfig Objective { get; init; } = new();

    /// <summary>The scale factor where the weights do not hold it.</summary>
    public double ScaleFactor { get; init; } = 1;

    /// <summary>Width and height of the images, in pixels.</summary>
    public int ImageSize { get; init; } = 256;

    /// <summary>Whether captions are token ids, whatever the size of the vocabulary.</summary>
    public bool TakesTokens { get; init; }

    /// <summary>What was assumed, in words.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>A model of this program as a description of the parts that other programs know.</summary>
    /// <param name="config">The model.</param>
    /// <param name="conditioner">Its conditioner's network, as detected in its weights.</param>
    /// <param name="scaleFactor">Its scale factor.</param>
    public static ForeignDescription Of(FirstStageModelConfig config, ConditionerShape? conditioner, double scaleFactor)
    {
        var plain = new ForeignDescription
        {
            FirstStage = config.FirstStage,
            ImageSize = config.ImageSize,
            ScaleFactor = scaleFactor,
        };
        return config is LatentDiffusionModelConfig model
            ? plain with
            {
                Unet =
                    model.Conditioner?.Singles.Any(single => single is ClassLabelConfig) == true
                        ? model.Unet with
                        {
                            NumClasses = model.Classes.Count + 1,
                        }
                        : model.Unet,
                Conditioner = conditioner,
                Channels = model.Conditioner?.Singles.FirstOrDefault(single =>
                    single.MapChannels(model.Unet.OutChannels) > 0
                ),
                IsLayout = model.Conditioner is LayoutConfig,
                Schedule = model.Schedule,
                Objective = model.Objective,
            }
            : plain;
    }

    /// <summary>Whether a tensor of a checkpoint belongs to one of the parts, by its name.</summary>
    public bool Owns(string name) =>
        Unet is null
            ? !name.StartsWith(AverageTensors.Prefix, StringComparison.Ordinal)
                && !name.StartsWith("loss.", StringComparison.Ordinal)
            : name.StartsWith(ModelTensors.UnetPrefix, StringComparison.Ordinal)
                || ModelTensors.IsOfFirstStage(name)
                || (Conditioner is not null && ModelTensors.IsOfConditioner(name));

    /// <summary>Names and shapes of all tensors that the model has, without building it in memory.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes()
    {
        Dictionary<string, IReadOnlyList<long>> shapes = [];
        Add(Unet is null ? null : () => new Unet(Unet), ModelTensors.UnetPrefix);
        Add(
            FirstStage is null or IdentityConfig ? null : FirstStage.Build,
            Unet is null ? "" : ModelTensors.FirstStagePrefix
        );
        Add(Conditioner is null ? null : Conditioner.Build, ModelTensors.ConditionerPrefix);
        return shapes;

        void Add(Func<nn.Module>? build, string prefix)
        {
            if (build is null)
            {
                return;
            }

            using var module = MetaDevice.Build(build);
            foreach (var (name, tensor) in ModuleState.Of(module, prefix))
            {
                shapes[name] = tensor.shape;
            }
        }
    }

    /// <summary>The description of our own for the model, to build it from.</summary>
    /// <param name="path">The weights, for messages and as the origin of a pretrained text encoder.</param>
    /// <param name="tokenizerFolder">Where vocabularies are looked for first, or null.</param>
    /// <exception cref="UserInputException">The model cannot be built here.</exception>
    public FirstStageModelConfig ToConfig(string path, string? tokenizerFolder)
    {
        if (Unet is null)
        {
            return new AutoencoderModelConfig
            {
                ImageSize = ImageSize,
                FirstStage =
                    FirstStage
                    ?? throw new UserInputException(
                        $"{path} does not say which model it is, and holds neither a UNet nor a first stage. {Advice}"
                    ),
            };
        }

        var extra = Unet.InChannels - Unet.OutChannels;
        if (extra != (Channels?.MapChannels(Unet.OutChannels) ?? 0))
        {
            throw Unknown(
                path,
                $"a UNet that takes {Unet.InChannels} channels and predicts {Unet.OutChannels}, and what it takes beside the "
                    + "latents is not known here"
            );
        }

        var conditioner = ForeignConditioner.Of(this, path, tokenizerFolder);
        if (Unet.UseSpatialTransformer && conditioner?.ContextDim is null)
        {
            throw Unknown(path, "a UNet with cross-attention but no conditioner that is known");
        }

        return new LatentDiffusionModelConfig
        {
            ImageSize = ImageSize,
            FirstStage = FirstStage ?? new IdentityConfig { ImageChannels = Unet.OutChannels },
            Unet = Unet.NumClasses is null ? Unet : Unet with { NumClasses = null },
            Conditioner = conditioner,
            Classes = Numbers(ForeignConditioner.ClassesOf(this)),
            MapLabels = Numbers(Conditioner is ConditionerShape.Map map ? map.InputChannels : 0),
            LayoutLabels = Numbers(ForeignConditioner.LayoutLabelsOf(this)),
            Schedule = Schedule,
            Objective = Objective,
        };
    }

    /// <summary>Refuses a model.</summary>
    /// <param name="path">The weights.</param>
    /// <param name="what">What is in them that cannot be built.</param>
    public static UserInputException Unknown(string path, string what) =>
        new($"{path} cannot be run: it holds {what}. {Advice}");

    private static IReadOnlyList<string> Numbers(int count) =>
        [.. Enumerable.Range(0, count).Select(id => id.ToString(CultureInfo.InvariantCulture))];
}
