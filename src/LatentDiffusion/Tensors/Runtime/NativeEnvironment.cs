using System.Runtime.InteropServices;

namespace LatentDiffusion.Tensors.Runtime;

/// <summary>The environment that native code reads: .NET keeps one of its own, so what is meant for libtorch is set natively.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable that the user has not set.</summary>
    public static void SetDefault(string variable, string value) => _ = setenv(variable, value, overwrite: 0);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
