using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Text;

namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>Builds conditioners from their descriptions.</summary>
public static class Conditioners
{
    /// <summary>Builds a conditioner with fresh weights.</summary>
    /// <param name="config">The description.</param>
    /// <param name="classes">Number of classes, the null class not counted.</param>
    /// <param name="vocabularies">
    /// <see cref="Conditioner.Vocabularies"/> of a trained model; null reads them from the configured files.
    /// </param>
    /// <param name="firstStage">The model's first stage, borrowed; conditions that are images need it.</param>
    /// <param name="labels">Names that maps and layouts may use.</param>
    /// <param name="scale">The model's scale factor, which may change; null for 1.</param>
    /// <exception cref="ArgumentException">The conditioner does not fit the first stage or the labels.</exception>
    /// <exception cref="Errors.UserInputException">A vocabulary cannot be read or is missing.</exception>
    public static Conditioner Create(
        ConditionerConfig config,
        int classes,
        IReadOnlyList<string>? vocabularies = null,
        FirstStage? firstStage = null,
        ConditionLabels? labels = null,
        Func<double>? scale = null
    )
    {
        ArgumentNullException.ThrowIfNull(config);
        var left = vocabularies is null ? null : new Queue<string>(vocabularies);
        var names = labels ?? ConditionLabels.None;
        return config is HybridConfig hybrid
            ? new HybridConditioner([.. hybrid.Parts.Select(CreateSingle)])
            : CreateSingle(config.Singles[0]);

        Conditioner CreateSingle(SingleConditionerConfig single) =>
            single switch
            {
                TextTransformerConfig text => TextConditioner.Create(text, Open(text.Tokenizer, left)),
                ClipTextConfig clip => TextConditioner.Create(clip, Open(clip.Tokenizer, left)),
                LayoutConfig layout => new LayoutConditioner(layout, names.Layouts),
                ClassTokenConfig or ClassLabelConfig => new ClassConditioner(single, classes),
                _ => CreateImageConditioner(single, firstStage, names, scale),
            };
    }

    private static SingleConditioner CreateImageConditioner(
        SingleConditionerConfig config,
        FirstStage? firstStage,
        ConditionLabels labels,
        Func<double>? scale
    )
    {
        ArgumentNullException.ThrowIfNull(firstStage);
        return config switch
        {
            SuperResolutionConfig low => new SuperResolutionConditioner(low, firstStage.DownsamplingFactor),
            InpaintingConfig inpainting => new InpaintingConditioner(inpainting, firstStage, scale),
            SemanticMapConfig map => new SemanticMapConditioner(map, labels.Maps, firstStage.DownsamplingFactor),
            _ => throw new ArgumentException($"There is no conditioner for {config.GetType().Name}."),
        };
    }

    private static ITokenizer Open(TokenizerConfig config, Queue<string>? vocabularies) =>
        vocabularies is null
            ? config.Open()
            : config.Restore(
                vocabularies.TryDequeue(out var vocabulary)
                    ? vocabulary
                    : throw new ArgumentException("There are fewer vocabularies than tokenizers."),
                "of the model"
            );
}
