namespace LatentDiffusion.Checkpoints.Files;

/// <summary>Tells a full disk from other failures. .NET keeps the system's error number in the HResult.</summary>
internal static class DiskFull
{
    private const int NoSpace = 28; // ENOSPC
    private const int LinuxQuota = 122; // EDQUOT
    private const int MacQuota = 69; // EDQUOT
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    public static bool Caused(Exception e) =>
        e is IOException && e.HResult is NoSpace or LinuxQuota or MacQuota or WindowsDiskFull or WindowsHandleDiskFull;

    public static IOException Describe(string path, Exception cause) =>
        new($"The disk is full: {path} was not written. Free some space and try again.", cause)
        {
            HResult = cause.HResult,
        };
}
