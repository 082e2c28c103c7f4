using LatentDiffusion.Errors;

namespace LatentDiffusion.Checkpoints.Files;

/// <summary>Folders that results go to.</summary>
public static class OutputFolder
{
    /// <summary>Makes sure that a folder exists.</summary>
    /// <param name="path">The folder; missing parents are created too.</param>
    /// <exception cref="UserInputException">A file is in the way, or permission is missing.</exception>
    /// <exception cref="IOException">The disk is full, or creating failed otherwise.</exception>
    public static void Create(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UserInputException($"The folder {path} cannot be created: permission is missing.", e);
        }
        catch (IOException e) when (DiskFull.Caused(e))
        {
            throw DiskFull.Describe(path, e);
        }
        catch (IOException e) when (FileIn(path) is { } file)
        {
            throw new UserInputException(
                $"The folder {path} cannot be created: {file} is a file. Choose another name.",
                e
            );
        }
    }

    /// <summary>Makes sure that the folder of a file exists, as <see cref="Create"/> does.</summary>
    public static void CreateFor(string file) => Create(Path.GetDirectoryName(Path.GetFullPath(file))!);

    private static string? FileIn(string path)
    {
        for (var part = Path.GetFullPath(path); part is not null; part = Path.GetDirectoryName(part))
        {
            if (File.Exists(part))
            {
                return part;
            }
        }

        return null;
    }
}
