using LatentDiffusion.Errors;

namespace LatentDiffusion.Checkpoints.Files;

/// <summary>Writes a file so that other programs, and this one after a crash, see the old contents or the new ones.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Lets <paramref name="write"/> fill a temporary file in the same folder, flushes it to the disk and renames it to
    /// <paramref name="path"/>. When anything fails, the temporary file is removed and the original stays.
    /// </summary>
    /// <param name="path">The file to create or replace. Its folder must exist.</param>
    /// <param name="write">Writes the contents; the stream is seekable and is closed by this method.</param>
    /// <exception cref="UserInputException">The folder is missing or may not be written to.</exception>
    /// <exception cref="IOException">The disk is full (the message says so), or writing failed otherwise.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        var target = Path.GetFullPath(path);
        if (Directory.Exists(target))
        {
            throw new UserInputException(
                $"Cannot write the file {target}: a folder has that name. Choose another name."
            );
        }

        var temporary = TemporarySibling.PathFor(target);
        using (var stream = Create(temporary, target))
        {
            try
            {
                write(stream);
                stream.Flush(flushToDisk: true);

                // Renamed while still open: the lock on the stream keeps a concurrent clean-up away until it is done.
                File.Move(temporary, target, overwrite: true);
            }
            catch (Exception e)
            {
                Discard(stream, temporary);
                if (DiskFull.Caused(e))
                {
                    throw DiskFull.Describe(target, e);
                }

                throw;
            }
        }

        DirectorySync.Flush(Path.GetDirectoryName(target)!);
    }

    /// <summary>Replaces a file by text in UTF-8, see <see cref="Write"/>.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    private static FileStream Create(string temporary, string target)
    {
        try
        {
            return new FileStream(
                temporary,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.Delete,
                    BufferSize = 64 * 1024,
                }
            );
        }
        catch (DirectoryNotFoundException e)
        {
            throw new UserInputException(
                $"Cannot write {target}: the folder {Path.GetDirectoryName(target)} does not exist. Create it first.",
                e
            );
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UserInputException(
                $"Cannot write {target}: no permission to create files in {Path.GetDirectoryName(target)}.",
                e
            );
        }
        catch (IOException e) when (DiskFull.Caused(e))
        {
            throw DiskFull.Describe(target, e);
        }
    }

    private static void Discard(FileStream stream, string temporary)
    {
        try
        {
            // Closing writes what is still buffered, which fails again on a full disk; the first failure is the one to tell.
            stream.Dispose();
        }
        catch (IOException) { }

        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Left for AtomicDirectory.CleanUp.
        }
    }
}
