using System.Runtime.InteropServices;

namespace LatentDiffusion.Tensors.Runtime;

/// <summary>Keeps libtorch's warnings off the user's terminal; what matters arrives as an exception.</summary>
/// <remarks>
/// On processors that NNPACK does not know, libtorch 2.10 writes a line to stderr at every convolution for which it asks
/// NNPACK, and then computes it otherwise. The user's own <c>TORCH_CPP_LOG_LEVEL</c> is respected.
/// </remarks>
internal static unsafe class NativeLogSettings
{
    private const string Variable = "TORCH_CPP_LOG_LEVEL";
    private const string Library = "libc10.so";
    private const string Level = "FLAGS_caffe2_log_level";
    private const int ErrorsOnly = 2;

    /// <summary>Works once libtorch is in the process; libtorch itself reads the variable under Python only.</summary>
    public static void Apply()
    {
        if (
            OperatingSystem.IsLinux()
            && Environment.GetEnvironmentVariable(Variable) is null
            && NativeLibrary.TryLoad(Library, out var library)
            && NativeLibrary.TryGetExport(library, Level, out var level)
        )
        {
            *(int*)level = ErrorsOnly;
        }
    }
}
