using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Models;

/// <summary>The vocabularies of a model's tokenizers in the metadata of its file, so that the file is complete alone.</summary>
internal static class ModelVocabularies
{
    private const string Key = "ldm.vocabulary.";

    /// <summary>Puts vocabularies, in order, into metadata.</summary>
    public static void AddTo(Dictionary<string, string> metadata, IReadOnlyList<string> vocabularies)
    {
        foreach (var (number, vocabulary) in vocabularies.Index())
        {
            metadata[KeyOf(number)] = vocabulary;
        }
    }

    /// <summary>The vocabularies that a file's metadata carry, in order.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyDictionary<string, string> metadata)
    {
        List<string> found = [];
        while (metadata.TryGetValue(KeyOf(found.Count), out var vocabulary))
        {
            found.Add(vocabulary);
        }

        return found;
    }

    /// <summary>Refuses weights that belong to other vocabularies than the model's: equal ids would mean other words.</summary>
    /// <exception cref="UserInputException">The vocabularies differ.</exception>
    public static void Check(IWeights file, LatentDiffusionModel model)
    {
        if (!Of(file.Metadata).SequenceEqual(model.Conditioner?.Vocabularies ?? [], StringComparer.Ordinal))
        {
            throw new UserInputException(
                $"{file.Path} was trained with another vocabulary: name the same one in the conditioner's tokenizer."
            );
        }
    }

    private static string KeyOf(int number) => Key + number.ToString(CultureInfo.InvariantCulture);
}
