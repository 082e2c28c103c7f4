using System.Runtime.InteropServices;
using Xunit;

namespace LatentDiffusion.Tests.Support;

/// <summary>What native code has allocated and not yet freed: exact, unlike resident memory.</summary>
internal static partial class NativeHeap
{
    /// <summary>Bytes in use, after garbage that holds native memory was collected.</summary>
    /// <remarks>
    /// Not all that holds native memory is a tensor, and a finaliser may make another object garbage: collect until nothing
    /// more is freed.
    /// </remarks>
    public static long BytesInUse()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Measured through glibc.");
        long before;
        var now = long.MaxValue;
        do
        {
            before = now;
            LiveTensors.CollectGarbage();
            var info = mallinfo2();
            now = (long)(info.InUse + info.InUseMapped);
        } while (now < before);

        return now;
    }

    [LibraryImport("libc")]
    private static partial MallocInfo mallinfo2();

    // The names are glibc's: arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost.
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct MallocInfo
    {
        private readonly nuint _arena;
        private readonly nuint _ordinaryBlocks;
        private readonly nuint _smallBlocks;
        private readonly nuint _mappedBlocks;
        public readonly nuint InUseMapped;
        private readonly nuint _unused;
        private readonly nuint _freeSmall;
        public readonly nuint InUse;
        private readonly nuint _free;
        private readonly nuint _releasable;
    }
}
