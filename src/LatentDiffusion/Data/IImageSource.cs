namespace LatentDiffusion.Data;

/// <summary>What is known of one image besides its pixels.</summary>
/// <param name="Name">Names the image to a person: a path relative to the folder, or a row of a table.</param>
/// <param name="ClassName">Class, or null.</param>
/// <param name="ClassId">Position of the class in <see cref="IImageSource.ClassNames"/>, or null.</param>
/// <param name="Caption">Describing text, or null.</param>
public sealed record ImageRecord(string Name, string? ClassName, int? ClassId, string? Caption)
{
    /// <summary>Other texts that describe the image as well.</summary>
    public IReadOnlyList<string> OtherCaptions { get; init; } = [];
}

/// <summary>
/// A fixed, ordered list of encoded images. Implementations may be called from several threads at once.
/// </summary>
public interface IImageSource
{
    /// <summary>How many images there are, at least 1.</summary>
    int Count { get; }

    /// <summary>The classes in the order of their ids; empty if the images have none.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>Name, class and caption of image <paramref name="index"/>.</summary>
    ImageRecord Describe(int index);

    /// <summary>The encoded bytes (a whole PNG, JPEG, ... file) of image <paramref name="index"/>.</summary>
    /// <exception cref="LatentDiffusion.Errors.UserInputException">The image cannot be read.</exception>
    byte[] Read(int index);
}
