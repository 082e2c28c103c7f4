using System.Runtime.InteropServices;

namespace LatentDiffusion.Kernels;

/// <summary>Native working memory of one kernel call, aligned to cache lines and not cleared.</summary>
internal readonly unsafe ref struct Scratch
{
    private const int CacheLine = 64;

    public Scratch(nint floats) =>
        Data = (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(floats, 1) * sizeof(float), CacheLine);

    public float* Data { get; }

    public void Dispose() => NativeMemory.AlignedFree(Data);
}
