using System.Globalization;
using System.IO.Hashing;
using System.Text;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Models.Foreign;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Randomness;
using LatentDiffusion.Tensors;
using LatentDiffusion.Text;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Published;

/// <summary>
/// Checkpoints of published architectures with random weights: to measure speed and memory, and to try commands, without
/// the weights themselves. They make coloured noise.
/// </summary>
public static class RandomCheckpoint
{
    private const string StableDiffusion = "stable-diffusion-1";
    private const string Inpainting = "stable-diffusion-1-inpainting";
    private const int ClipWords = 49408;
    private const int BertWords = 30522;
    private const double ScaleOfText = 0.18215;

    /// <summary>The names of the architectures.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [StableDiffusion, Inpainting, .. PublishedModels.Models.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Writes a checkpoint, one tensor after the other, so that it takes hardly any memory.</summary>
    /// <param name="architecture">One of <see cref="Names"/>.</param>
    /// <param name="path">The safetensors file to create or replace. Its folder must exist.</param>
    /// <param name="seed">Makes the weights repeatable.</param>
    /// <param name="dtype">float32, float16 or bfloat16.</param>
    /// <returns>How many weights it has.</returns>
    /// <exception cref="UserInputException">There is no such architecture.</exception>
    public static long Write(string architecture, string path, long seed, ScalarType dtype = ScalarType.Float32)
    {
        var model = Describe(architecture);
        var shapes = model.Shapes();
        SafetensorsWriter.WriteLazily(
            path,
            shapes.Select(t => new TensorToWrite(t.Key, dtype, t.Value, () => Draw(t.Key, t.Value, seed).to(dtype))),
            Metadata(model)
        );
        return shapes.Values.Sum(shape => shape.Aggregate(1L, (product, size) => product * size));
    }

    private static ForeignDescription Describe(string architecture)
    {
        if (architecture is StableDiffusion or Inpainting)
        {
            var isInpainting = architecture == Inpainting;
            return new ForeignDescription
            {
                Unet = PublishedModels.StableDiffusion with { InChannels = isInpainting ? 9 : 4 },
                Channels = isInpainting ? ExtraChannels.StableInpainting : null,
                FirstStage = FirstStage("kl-f8"),
                Conditioner = new ConditionerShape.Clip(ClipWords, 77, 768, 12, 12),
                Schedule = new NoiseScheduleConfig { LinearStart = 0.00085, LinearEnd = 0.012 },
                ScaleFactor = ScaleOfText,
                ImageSize = 512,
            };
        }

        if (!PublishedModels.Models.TryGetValue(architecture, out var published))
        {
            throw new UserInputException(
                $"There is no architecture '{architecture}': choose one of {string.Join(", ", Names)}."
            );
        }

        var firstStage = FirstStage(published.FirstStage);
        return new ForeignDescription
        {
            Unet = published.Unet,
            FirstStage = firstStage,
            Conditioner = published.Conditioner,
            Channels = ExtraChannels.Guess(published.Unet, published.Conditioner, firstStage),
            IsLayout = ForeignConditioner.IsOfLayouts(published.Conditioner),
            ScaleFactor = firstStage is KlConfig ? ScaleOfText : 1,
        };
    }

    private static FirstStageConfig FirstStage(string name)
    {
        var published = PublishedModels.FirstStages[name];
        return published.Codes is { } codes
            ? new VqConfig
            {
                Network = published.Architecture,
                EmbedDim = published.EmbedDim,
                Codes = codes,
            }
            : new KlConfig { Network = published.Architecture, EmbedDim = published.EmbedDim };
    }

    private static Dictionary<string, string> Metadata(ForeignDescription model)
    {
        var metadata = new Dictionary<string, string> { ["format"] = "pt" };
        try
        {
            var config = model.ToConfig("placeholder", tokenizerFolder: null);
            var tokenizers = ((LatentDiffusionModelConfig)config).Conditioner?.Singles.Select(TokenizerOf);
            metadata[ModelFile.ConfigKey] = ConfigWriter.ToYaml(config);
            metadata[ModelFile.ScaleKey] = model.ScaleFactor.ToString("r", CultureInfo.InvariantCulture);
            ModelVocabularies.AddTo(
                metadata,
                [.. (tokenizers ?? []).OfType<ITokenizer>().Select(tokenizer => tokenizer.Vocabulary)]
            );
        }
        catch (UserInputException)
        {
            // A model that cannot be run here is described by its tensors alone.
        }

        return metadata;
    }

    private static ITokenizer? TokenizerOf(SingleConditionerConfig conditioner) =>
        conditioner switch
        {
            ClipTextConfig => PlaceholderVocabulary.Clip(),
            TextTransformerConfig { Tokenizer: WordPieceConfig } => PlaceholderVocabulary.WordPiece(BertWords),
            TextTransformerConfig text => text.Tokenizer.Open(),
            _ => null,
        };

    // Norms start as identities, so that activations neither vanish nor explode.
    private static Tensor Draw(string name, IReadOnlyList<long> shape, long seed)
    {
        if (shape.Count < 2)
        {
            return name.EndsWith("weight", StringComparison.Ordinal) ? ones([.. shape]) : zeros([.. shape]);
        }

        using var generator = new Generator(
            (ulong)DerivedSeed.Of(seed, (long)XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(name))),
            CPU
        );
        var fanIn = shape.Skip(1).Aggregate(1L, (product, size) => product * size);
        return randn([.. shape], generator: generator).mul_(Scalars.Of(1 / Math.Sqrt(fanIn)));
    }
}
