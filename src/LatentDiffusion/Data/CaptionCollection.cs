using LatentDiffusion.Errors;

namespace LatentDiffusion.Data;

/// <summary>Reads captions alone, from whatever holds some.</summary>
public static class CaptionCollection
{
    /// <summary>All captions of a source, in its order.</summary>
    /// <param name="path">An image folder, a parquet file of images, or a text file with one caption a line.</param>
    /// <param name="column">The column of captions in a table; null for <c>text</c> or <c>caption</c>.</param>
    /// <exception cref="UserInputException">There is no such source, or it holds no captions.</exception>
    public static IReadOnlyList<string> Read(string path, string? column = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var columns = new SourceColumns { Caption = column };
        var captions =
            Directory.Exists(path) ? Of(ImageFolderSource.Open(path, columns))
            : path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) ? Of(ParquetImageSource.Open(path, columns))
            : Lines(path);
        return captions.Count > 0
            ? captions
            : throw new UserInputException($"\"{path}\" holds no captions: give captioned images or a text file.");
    }

    private static List<string> Of(IImageSource images) =>
        [.. Enumerable.Range(0, images.Count).Select(i => images.Describe(i).Caption).OfType<string>()];

    private static List<string> Lines(string path)
    {
        try
        {
            return [.. File.ReadLines(path).Where(line => !string.IsNullOrWhiteSpace(line))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"The captions \"{path}\" cannot be read: {e.Message}", e);
        }
    }
}
