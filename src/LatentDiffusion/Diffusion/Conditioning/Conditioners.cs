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
    /// <exception cref="Errors.UserInputException">A vocabulary cannot be read or is missing.</exception>
    public static Conditioner Create(ConditionerConfig config, int classes, IReadOnlyList<string>? vocabularies = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        var left = vocabularies is null ? null : new Queue<string>(vocabularies);
        return config is HybridConfig hybrid
            ? new HybridConditioner([.. hybrid.Parts.Select(part => CreateSingle(part, classes, left))])
            : CreateSingle(config.Singles[0], classes, left);
    }

    private static Conditioner CreateSingle(SingleConditionerConfig config, int classes, Queue<string>? vocabularies) =>
        config switch
        {
            TextTransformerConfig text => TextConditioner.Create(text, Open(text.Tokenizer, vocabularies)),
            ClipTextConfig clip => TextConditioner.Create(clip, Open(clip.Tokenizer, vocabularies)),
            _ => new ClassConditioner(config, classes),
        };

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
