using LatentDiffusion.Errors;

namespace LatentDiffusion.Checkpoints.Files;

/// <summary>Creates a directory that either exists with all its files on the disk, or does not exist.</summary>
public static class AtomicDirectory
{
    /// <summary>
    /// Lets <paramref name="fill"/> write files into a temporary sibling directory, flushes all of them to the disk and
    /// renames the directory to <paramref name="finalPath"/>. When anything fails, the temporary directory is removed.
    /// </summary>
    /// <param name="finalPath">The directory to create; it must not exist yet. Its parent is created when missing.</param>
    /// <param name="fill">Receives the path of the temporary directory, which exists and is empty.</param>
    /// <exception cref="UserInputException">Something with that name exists already.</exception>
    /// <exception cref="IOException">The disk is full (the message says so), or writing failed otherwise.</exception>
    public static void Create(string finalPath, Action<string> fill)
    {
        ArgumentException.ThrowIfNullOrEmpty(finalPath);
        ArgumentNullException.ThrowIfNull(fill);
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(finalPath));
        RefuseExisting(target);
        var parent =
            Path.GetDirectoryName(target) ?? throw new UserInputException($"{target} is not a folder to create.");
        var temporary = TemporarySibling.PathFor(target);
        try
        {
            Directory.CreateDirectory(parent);
            using (TemporarySibling.Lock(temporary))
            {
                Directory.CreateDirectory(temporary);
                fill(temporary);
                FlushAll(temporary);
                RefuseExisting(target);
                Directory.Move(temporary, target);
            }
        }
        catch (Exception e)
        {
            Discard(temporary);
            if (DiskFull.Caused(e))
            {
                throw DiskFull.Describe(target, e);
            }

            throw;
        }

        DirectorySync.Flush(parent);
    }

    /// <summary>
    /// Removes the temporary files and directories in <paramref name="parent"/> that killed processes left behind.
    /// Those that a running process is still filling, here or elsewhere on this host, stay.
    /// </summary>
    /// <returns>How many were removed.</returns>
    public static int CleanUp(string parent)
    {
        ArgumentException.ThrowIfNullOrEmpty(parent);
        return TemporarySibling.RemoveStale(parent);
    }

    private static void RefuseExisting(string target)
    {
        if (Path.Exists(target))
        {
            throw new UserInputException($"{target} exists already. Choose another name, or move it away first.");
        }
    }

    private static void FlushAll(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            // Windows flushes only through a handle that may write; elsewhere a read-only file can be flushed too.
            var access = OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read;
            using var handle = File.OpenHandle(file, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(handle);
        }

        foreach (var subdirectory in Directory.EnumerateDirectories(directory, "*", SearchOption.AllDirectories))
        {
            DirectorySync.Flush(subdirectory);
        }

        DirectorySync.Flush(directory);
    }

    private static void Discard(string temporary)
    {
        try
        {
            Directory.Delete(temporary, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not there yet, or held by someone: left for CleanUp.
        }
    }
}
