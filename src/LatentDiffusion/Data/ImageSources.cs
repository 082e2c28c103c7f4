using LatentDiffusion.Errors;

namespace LatentDiffusion.Data;

/// <summary>Opens images wherever they lie.</summary>
public static class ImageSources
{
    /// <summary>Opens a folder, a parquet file, a zip archive of image files, or an npz archive of pixels.</summary>
    /// <param name="path">A folder or a file, whose extension says what it is.</param>
    /// <param name="columns">Which columns of a table to use; an archive has none.</param>
    /// <exception cref="UserInputException">There is nothing of that kind at the path, or it cannot be used.</exception>
    public static IImageSource Open(string path, SourceColumns? columns = null)
    {
        if (Directory.Exists(path))
        {
            return ImageFolderSource.Open(path, columns);
        }

        if (!File.Exists(path))
        {
            throw new UserInputException(
                $"\"{path}\" does not exist: give a folder of images, or a .parquet, .zip or .npz file."
            );
        }

        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".parquet" => ParquetImageSource.Open(path, columns),
            ".zip" => ZipImageSource.Open(WithoutColumns(path, columns)),
            ".npz" => PixelArraySource.Open(WithoutColumns(path, columns)),
            _ => throw new UserInputException(
                $"\"{path}\" is no source of images: give a folder, or a .parquet, .zip or .npz file."
            ),
        };
    }

    private static string WithoutColumns(string path, SourceColumns? columns) =>
        (columns?.Filter?.Columns.First() ?? columns?.Class) is { } column
            ? throw new UserInputException($"\"{path}\" has no column \"{column}\": archives have none. Leave it out.")
            : path;
}
