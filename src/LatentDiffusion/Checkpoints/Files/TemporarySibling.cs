namespace LatentDiffusion.Checkpoints.Files;

/// <summary>
/// Temporary files and directories beside the target they will become. Whoever fills one holds a lock: on the open file
/// itself, or on a file <c>….lock</c> beside a directory. The system drops the lock of a process that dies, so
/// what is not locked is stale; process numbers would not tell, as every container starts again at 1.
/// </summary>
internal static class TemporarySibling
{
    private const string Prefix = ".tmp-";
    private const string LockSuffix = ".lock";

    /// <summary>A fresh name in the folder of <paramref name="target"/>, so that the rename stays in one file system.</summary>
    public static string PathFor(string target) =>
        Path.Combine(Path.GetDirectoryName(target)!, Prefix + Path.GetRandomFileName());

    /// <summary>Marks a temporary directory as being filled until the result is disposed.</summary>
    public static IDisposable Lock(string temporaryDirectory) =>
        new FileStream(
            temporaryDirectory + LockSuffix,
            FileMode.CreateNew,
            FileAccess.Write,
            FileShare.None,
            bufferSize: 1,
            FileOptions.DeleteOnClose
        );

    /// <summary>Removes what no process holds a lock on, and says how many files and directories that were.</summary>
    public static int RemoveStale(string parent)
    {
        if (!Directory.Exists(parent))
        {
            return 0;
        }

        // Directories first: their lock files go last, as they protect them.
        return Directory.GetDirectories(parent, Prefix + "*").Count(RemoveDirectory)
            + Directory.GetFiles(parent, Prefix + "*").Count(RemoveFile);
    }

    private static bool RemoveDirectory(string directory)
    {
        try
        {
            using var taken = new FileStream(
                directory + LockSuffix,
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                bufferSize: 1,
                FileOptions.DeleteOnClose
            );
            Directory.Delete(directory, recursive: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool RemoveFile(string file)
    {
        try
        {
            using var taken = new FileStream(
                file,
                FileMode.Open,
                FileAccess.ReadWrite,
                FileShare.None,
                bufferSize: 1,
                FileOptions.DeleteOnClose
            );
            return !file.EndsWith(LockSuffix, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
