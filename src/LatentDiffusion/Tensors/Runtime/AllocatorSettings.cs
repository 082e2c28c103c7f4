using System.Runtime.InteropServices;

namespace LatentDiffusion.Tensors.Runtime;

/// <summary>
/// Makes fresh memory cheap: glibc's allocator keeps blocks instead of returning them to the kernel at every free, and
/// libtorch asks the kernel for huge pages.
/// </summary>
/// <remarks>
/// A fresh activation of tens of megabytes costs several times the arithmetic that fills it, in page faults alone. Huge
/// pages make these 512 times fewer, so that the largest blocks can be returned and peak memory stays low.
/// Set the environment variable <c>LDM_ALLOCATOR=system</c> to leave the allocator as it is.
/// </remarks>
public static partial class AllocatorSettings
{
    /// <summary>The environment variable that declines the settings.</summary>
    public const string Variable = "LDM_ALLOCATOR";

    // The largest value that glibc takes. Beyond it, a heap with holes costs more than the page faults.
    private const int BigBlock = 32 * 1024 * 1024;

    // Names and numbers of <malloc.h>.
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapThreshold = -3;

    // libtorch reads it at its first allocation.
    private const string HugePages = "THP_MEM_ALLOC_ENABLE";

    /// <summary>Whether the settings are in force in this process.</summary>
    public static bool Applied { get; private set; }

    /// <summary>Whether the user asked to leave the allocator as it is.</summary>
    public static bool Declined => Environment.GetEnvironmentVariable(Variable) == "system";

    internal static void Apply()
    {
        if (!OperatingSystem.IsLinux() || Declined)
        {
            return;
        }

        NativeEnvironment.SetDefault(HugePages, "1");
        try
        {
            Applied =
                mallopt(MmapThreshold, BigBlock) == 1
                && mallopt(TrimThreshold, int.MaxValue) == 1
                && mallopt(TopPad, 64 * 1024 * 1024) == 1;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // Another C library (musl) has no such settings: it works, only slower.
            Applied = false;
        }
    }

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
