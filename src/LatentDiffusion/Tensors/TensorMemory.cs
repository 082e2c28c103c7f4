using System.Runtime.InteropServices;
using LatentDiffusion.Tensors.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace LatentDiffusion.Tensors;

/// <summary>The memory of CPU tensors: as spans of any total length, or as an address for kernels.</summary>
internal static unsafe partial class TensorMemory
{
    /// <summary>Works on the tensor's bytes in order, in pieces that fit a span and the processor's cache.</summary>
    /// <param name="tensor">A contiguous CPU tensor; kept alive meanwhile.</param>
    /// <param name="visit">Receives a piece and its distance in bytes from the first element.</param>
    public static void ForEachPiece(Tensor tensor, Piece visit)
    {
        const int MaxPiece = 4 * 1024 * 1024;
        var length = tensor.numel() * tensor.element_size();
        var start = (byte*)THSTensor_data(tensor.Handle);
        for (long offset = 0; offset < length; offset += MaxPiece)
        {
            visit(new Span<byte>(start + offset, (int)Math.Min(MaxPiece, length - offset)), offset);
        }

        GC.KeepAlive(tensor);
    }

    /// <summary>Whether the tensor's elements lie in CPU memory one after the other, as the file has them.</summary>
    public static bool IsPlain(Tensor tensor) => tensor.device_type == DeviceType.CPU && tensor.is_contiguous();

    /// <summary>The address of the tensor's first element. Keep the tensor alive while it is in use.</summary>
    public static float* Floats(Tensor tensor) => (float*)THSTensor_data(tensor.Handle);

    /// <summary>A new float32 CPU tensor whose elements are not set.</summary>
    public static Tensor Empty(params ReadOnlySpan<long> shape)
    {
        var tensor = empty(shape.ToArray(), float32, CPU);
        HugePages.Advise(THSTensor_data(tensor.Handle), tensor.numel() * sizeof(float));
        return tensor;
    }

    public delegate void Piece(Span<byte> bytes, long offset);

    [LibraryImport("LibTorchSharp")]
    private static partial nint THSTensor_data(nint handle);
}
