using System.Runtime.InteropServices;

namespace LatentDiffusion.Checkpoints.Files;

/// <summary>Brings a directory's entries to the disk, so that a rename survives a power cut.</summary>
internal static partial class DirectorySync
{
    private const int ReadOnly = 0;

    /// <summary>Flushes the directory where the system can; failures are ignored, as the rename itself has happened.</summary>
    public static void Flush(string directory)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            return;
        }

        var descriptor = open(directory, ReadOnly);
        if (descriptor >= 0)
        {
            _ = fsync(descriptor);
            _ = close(descriptor);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
