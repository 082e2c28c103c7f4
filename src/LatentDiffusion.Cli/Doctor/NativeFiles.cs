using System.Buffers.Binary;

namespace LatentDiffusion.Cli.Doctor;

/// <summary>The native files that must lie beside the program.</summary>
internal static class NativeFiles
{
    /// <summary>What is wrong with them, one phrase per file.</summary>
    public static IReadOnlyList<string> Faults()
    {
        string[] names =
            OperatingSystem.IsWindows() ? ["LibTorchSharp.dll", "torch.dll", "torch_cpu.dll", "c10.dll"]
            : OperatingSystem.IsMacOS()
                ? ["libLibTorchSharp.dylib", "libtorch.dylib", "libtorch_cpu.dylib", "libc10.dylib"]
            : ["libLibTorchSharp.so", "libtorch.so", "libtorch_cpu.so", "libc10.so"];
        return [.. names.Select(Fault).OfType<string>()];
    }

    private static string? Fault(string name)
    {
        var path = Folders().Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return path is null ? $"{name} is missing"
            : OperatingSystem.IsLinux() && IsCutShort(path) ? $"{name} is cut short"
            : null;
    }

    // Loading such a file would end the process with a bus error. The section table is the last thing in an ELF file.
    private static bool IsCutShort(string path)
    {
        using var file = File.OpenRead(path);
        var header = new byte[64];
        if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
        {
            return true;
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(0x28));
        var entrySize = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(0x3a));
        var entries = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(0x3c));
        return table > (ulong)file.Length || table + (ulong)(entries * entrySize) > (ulong)file.Length;
    }

    // Flat in a build for one platform; where the host says in an app that came as a package.
    private static string[] Folders() =>
        [
            AppContext.BaseDirectory,
            .. (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(
                Path.PathSeparator,
                StringSplitOptions.RemoveEmptyEntries
            ),
        ];
}
