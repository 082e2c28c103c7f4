using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tensors;
using LatentDiffusion.Text;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Foreign;

/// <summary>A model of another program, however it was described: by its YAML, its JSON files, or its tensors alone.</summary>
internal sealed record ForeignDescription
{
    // The published model without a null class; those with one have 1001 labels.
    private const int LabelsWithoutNull = 1000;
    private const int BertVocabulary = 30522;
    private const int ClipVocabulary = 49408;

    public UnetConfig? Unet { get; init; }

    public FirstStageConfig? FirstStage { get; init; }

    public ConditionerShape? Conditioner { get; init; }

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
                    model.Conditioner is ClassLabelConfig
                        ? model.Unet with
                        {
                            NumClasses = model.Classes.Count + 1,
                        }
                        : model.Unet,
                Conditioner = conditioner,
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
                FirstStage = FirstStage ?? throw Unknown(path, "neither a UNet nor a first stage"),
            };
        }

        if (Unet.InChannels != Unet.OutChannels)
        {
            throw Unknown(
                path,
                $"a UNet that takes {Unet.InChannels - Unet.OutChannels} channels beside the latents, for which there is no conditioner"
            );
        }

        var conditioner = ConditionerOf(path, tokenizerFolder);
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
            Classes = Numbers(
                Conditioner is ConditionerShape.Classes c ? c.Labels - (c.Labels == LabelsWithoutNull ? 0 : 1)
                : Unet.NumClasses is { } labels ? labels - 1
                : 0
            ),
            Schedule = Schedule,
            Objective = Objective,
        };
    }

    private ConditionerConfig? ConditionerOf(string path, string? tokenizerFolder) =>
        Conditioner switch
        {
            ConditionerShape.Classes classes => new ClassTokenConfig
            {
                EmbedDim = classes.EmbedDim,
                NullClass = classes.Labels != LabelsWithoutNull,
                DropProbability = classes.Labels == LabelsWithoutNull ? 0 : 0.1,
            },
            ConditionerShape.Tokens tokens => new TextTransformerConfig
            {
                EmbedDim = tokens.Width,
                Depth = tokens.Depth,
                MaxLength = tokens.Length,
                Tokenizer = TokenizerOf(
                    VocabularyFiles.FindWordPiece(path, tokenizerFolder),
                    tokens.VocabularySize,
                    BertVocabulary
                ),
            },
            ConditionerShape.Clip clip => new ClipTextConfig
            {
                EmbedDim = clip.Width,
                Depth = clip.Depth,
                Heads = clip.Heads,
                MaxLength = clip.Length,
                Weights = Path.GetFullPath(path),
                Tokenizer = TokenizerOf(
                    VocabularyFiles.FindClip(path, tokenizerFolder),
                    clip.VocabularySize,
                    ClipVocabulary
                ),
            },
            ConditionerShape.Map => throw Unknown(path, "a conditioner of label maps, which no verb takes yet"),
            _ when Unet!.NumClasses is not null => new ClassLabelConfig(),
            _ => null,
        };

    // A transformer of another size than the published ones has words only where a vocabulary says which.
    private TokenizerConfig TokenizerOf(TokenizerConfig words, int size, int published) =>
        !TakesTokens && (size == published || VocabularyFiles.AreThere(words))
            ? words
            : new TokenIdsConfig { VocabularySize = size };

    private static IReadOnlyList<string> Numbers(int count) =>
        [.. Enumerable.Range(0, count).Select(id => id.ToString(CultureInfo.InvariantCulture))];

    private static UserInputException Unknown(string path, string what) =>
        new(
            $"{path} does not say which model it is, and holds {what}. 'ldm inspect' shows what is in it; a configuration (--config) may help."
        );
}
