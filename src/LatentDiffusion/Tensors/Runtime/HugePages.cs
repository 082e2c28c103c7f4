using System.Runtime.InteropServices;

namespace LatentDiffusion.Tensors.Runtime;

/// <summary>
/// Asks the kernel for huge pages behind blocks so large that the allocator maps them anew each time: they are then
/// filled with 512 times fewer page faults. Without effect elsewhere than on Linux, or where huge pages are turned off.
/// </summary>
/// <remarks>
/// libtorch's own switch for this (<c>THP_MEM_ALLOC_ENABLE</c>) asks at every allocation of 2 MB and more, which made
/// training a quarter slower.
/// </remarks>
internal static partial class HugePages
{
    private const int PageSize = 2 * 1024 * 1024;

    // Of <sys/mman.h>.
    private const int AdviseHugePages = 14;

    /// <summary>Advises the kernel about a block that nobody has written to yet.</summary>
    public static void Advise(nint start, long bytes)
    {
        if (bytes < AllocatorSettings.FreshBlock || !AllocatorSettings.Applied)
        {
            return;
        }

        var first = (start + PageSize - 1) / PageSize * PageSize;
        var end = (start + (nint)bytes) / PageSize * PageSize;

        // A refusal means ordinary pages.
        _ = madvise(first, (nuint)(end - first), AdviseHugePages);
    }

    [LibraryImport("libc")]
    private static partial int madvise(nint start, nuint length, int advice);
}
