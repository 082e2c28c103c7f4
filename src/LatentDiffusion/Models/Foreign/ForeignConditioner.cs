using LatentDiffusion.Errors;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Text;

namespace LatentDiffusion.Models.Foreign;

/// <summary>The conditioner of a published model as one of ours.</summary>
internal static class ForeignConditioner
{
    // The published model without a null class; those with one have 1001 labels.
    private const int LabelsWithoutNull = 1000;
    private const int BertVocabulary = 30522;
    private const int ClipVocabulary = 49408;

    // Tokens of an object, and of the crop.
    private const int ObjectTokens = 3;
    private const int CropTokens = 2;

    // As in the published layout model, whose list of names was not published.
    private const int LayoutVocabulary = 8192;
    private const int LayoutLength = 92;
    private const int LayoutLabels = 354;
    private const int TokensPerLabel = 16;

    /// <summary>The conditioner; null for an unconditional model.</summary>
    /// <exception cref="UserInputException">It cannot be built here.</exception>
    public static ConditionerConfig? Of(ForeignDescription model, string path, string? tokenizerFolder)
    {
        SingleConditionerConfig?[] found = [TokensOf(model, path, tokenizerFolder), model.Channels];
        SingleConditionerConfig[] parts = [.. found.OfType<SingleConditionerConfig>()];
        return parts switch
        {
            [] => null,
            [var only] => only,
            _ => new HybridConfig { Parts = parts },
        };
    }

    /// <summary>Whether a transformer has the shape of the published one for layouts.</summary>
    public static bool IsOfLayouts(ConditionerShape? shape) =>
        shape is ConditionerShape.Tokens { VocabularySize: LayoutVocabulary, Length: LayoutLength };

    /// <summary>How many classes a model has beside the null class.</summary>
    public static int ClassesOf(ForeignDescription model) =>
        model.Conditioner is ConditionerShape.Classes c ? c.Labels - (c.Labels == LabelsWithoutNull ? 0 : 1)
        : model.Unet?.NumClasses is { } labels ? labels - 1
        : 0;

    /// <summary>How many objects layouts may name; as many as the published data, where the vocabulary has room.</summary>
    public static int LayoutLabelsOf(ForeignDescription model) =>
        model is { IsLayout: true, Conditioner: ConditionerShape.Tokens tokens }
            ? Math.Clamp((tokens.VocabularySize - 1) / TokensPerLabel, 1, LayoutLabels)
            : 0;

    private static SingleConditionerConfig? TokensOf(ForeignDescription model, string path, string? tokenizerFolder) =>
        model.Conditioner switch
        {
            ConditionerShape.Classes classes => new ClassTokenConfig
            {
                EmbedDim = classes.EmbedDim,
                NullClass = classes.Labels != LabelsWithoutNull,
                DropProbability = classes.Labels == LabelsWithoutNull ? 0 : 0.1,
            },
            ConditionerShape.Tokens tokens when model.IsLayout => LayoutOf(tokens, path),
            ConditionerShape.Tokens tokens => new TextTransformerConfig
            {
                EmbedDim = tokens.Width,
                Depth = tokens.Depth,
                MaxLength = tokens.Length,
                Tokenizer = TokenizerOf(
                    VocabularyFiles.FindWordPiece(path, tokenizerFolder),
                    tokens.VocabularySize,
                    BertVocabulary,
                    model.TakesTokens
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
                    ClipVocabulary,
                    model.TakesTokens
                ),
            },
            ConditionerShape.Map { HasBias: true } => throw ForeignDescription.Unknown(
                path,
                "a mixer of label maps with a bias (cond_stage_model.channel_mapper.bias), which is not supported"
            ),
            null when model.Unet!.NumClasses is not null => new ClassLabelConfig(),
            _ => null,
        };

    // Published models were never trained without a layout.
    private static LayoutConfig LayoutOf(ConditionerShape.Tokens tokens, string path) =>
        tokens.Length >= ObjectTokens && tokens.Length % ObjectTokens is 0 or CropTokens
            ? new LayoutConfig
            {
                EmbedDim = tokens.Width,
                Depth = tokens.Depth,
                MaxObjects = tokens.Length / ObjectTokens,
                Vocabulary = tokens.VocabularySize,
                EncodeCrop = tokens.Length % ObjectTokens == CropTokens,
                DropProbability = 0,
            }
            : throw ForeignDescription.Unknown(
                path,
                FormattableString.Invariant(
                    $"layouts of {tokens.Length} tokens, which are not three for every object and two or none for the crop"
                )
            );

    // A transformer of another size than the published ones has words only where a vocabulary says which.
    private static TokenizerConfig TokenizerOf(TokenizerConfig words, int size, int published, bool takesTokens) =>
        !takesTokens && (size == published || VocabularyFiles.AreThere(words))
            ? words
            : new TokenIdsConfig { VocabularySize = size };
}
