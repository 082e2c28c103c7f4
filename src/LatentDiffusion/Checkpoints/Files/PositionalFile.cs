using LatentDiffusion.Errors;
using Microsoft.Win32.SafeHandles;

namespace LatentDiffusion.Checkpoints.Files;

/// <summary>A checkpoint file that is open for reading at given positions; several threads may read at a time.</summary>
/// <remarks>
/// Reads go to a position of the open file rather than through a memory mapping: both run at the speed of memory once
/// the file is cached, but a mapped file that someone cuts short ends the process, where a read throws.
/// </remarks>
internal sealed class PositionalFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private PositionalFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Its bytes when it was opened.</summary>
    public long Length { get; }

    /// <exception cref="UserInputException">The file is missing or may not be read.</exception>
    public static PositionalFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            return new PositionalFile(path, handle);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserInputException($"There is no file {path}. Check the path.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UserInputException($"{path} cannot be read: it is a folder, or permission is missing.", e);
        }
    }

    /// <summary>Fills the whole buffer.</summary>
    /// <exception cref="CheckpointFormatException">The file has become shorter.</exception>
    public void ReadExactly(Span<byte> buffer, long position)
    {
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(_handle, buffer, position);
            if (read == 0)
            {
                throw new CheckpointFormatException(
                    $"{Path}: the file became shorter while it was read. Do not overwrite files that are in use."
                );
            }

            buffer = buffer[read..];
            position += read;
        }
    }

    /// <summary>The error for contents that break the format's rules.</summary>
    /// <param name="what">What is wrong, fit for one line, without a full stop.</param>
    public CheckpointFormatException Damaged(string what) => new($"{Path}: {what}. Copy or download the file again.");

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
