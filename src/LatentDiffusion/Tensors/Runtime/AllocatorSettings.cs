using System.Runtime.InteropServices;

namespace LatentDiffusion.Tensors.Runtime;

/// <summary>
/// Tells glibc's allocator to keep blocks instead of returning them to the kernel at every free.
/// </summary>
/// <remarks>
/// A fresh activation of tens of megabytes costs several times the arithmetic that fills it, in page faults alone.
/// The largest blocks are still returned, so that peak memory stays low; <see cref="HugePages"/> makes them cheap.
/// One arena serves all threads: the others' heaps are given back to the kernel whenever they are empty.
/// Set the environment variable <c>LDM_ALLOCATOR=system</c> to leave the allocator as it is.
/// </remarks>
public static partial class AllocatorSettings
{
    /// <summary>The environment variable that declines the settings.</summary>
    public const string Variable = "LDM_ALLOCATOR";

    /// <summary>Blocks of this many bytes and more are returned to the kernel; the largest value that glibc takes.</summary>
    private const int BigBlock = 32 * 1024 * 1024;

    private const int SmallerBlock = 4 * 1024 * 1024;

    // Names and numbers of <malloc.h>.
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapThreshold = -3;
    private const int MostMappings = -4;
    private const int MostArenas = -8;

    /// <summary>Whether the settings are in force in this process.</summary>
    public static bool Applied { get; private set; }

    /// <summary>Blocks of this many bytes and more are fresh from the kernel at present.</summary>
    internal static int FreshBlock { get; private set; } = BigBlock;

    /// <summary>Whether the user asked to leave the allocator as it is.</summary>
    public static bool Declined => Environment.GetEnvironmentVariable(Variable) == "system";

    internal static void Apply()
    {
        if (!OperatingSystem.IsLinux() || Declined)
        {
            return;
        }

        try
        {
            Applied =
                mallopt(MostArenas, 1) == 1
                && mallopt(MmapThreshold, BigBlock) == 1
                && mallopt(TrimThreshold, int.MaxValue) == 1
                && mallopt(TopPad, 64 * 1024 * 1024) == 1;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library (musl) has no such settings: it works, only slower.
            Applied = false;
        }
    }

    /// <summary>
    /// From now on even the largest blocks are kept: training allocates the same ones at every step.
    /// </summary>
    public static void KeepLargestBlocks()
    {
        if (Applied)
        {
            _ = mallopt(MostMappings, 0);
        }
    }

    /// <summary>
    /// Until the result is disposed of, blocks of a few megabytes, too, are returned as soon as they are free: for work in
    /// which memory counts more than page faults.
    /// </summary>
    internal static IDisposable ReturnBlocksEarly()
    {
        ReturnFrom(SmallerBlock);
        return new LateReturn();
    }

    private static void ReturnFrom(int bytes)
    {
        if (!Applied)
        {
            return;
        }

        _ = mallopt(MmapThreshold, bytes);
        _ = malloc_trim(0);
        FreshBlock = bytes;
    }

    private sealed class LateReturn : IDisposable
    {
        public void Dispose() => ReturnFrom(BigBlock);
    }

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
