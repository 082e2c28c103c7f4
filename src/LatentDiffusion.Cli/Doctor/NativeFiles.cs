namespace LatentDiffusion.Cli.Doctor;

/// <summary>The native files that must lie beside the program.</summary>
internal static class NativeFiles
{
    /// <summary>The names of those that do not.</summary>
    public static IReadOnlyList<string> Missing()
    {
        string[] names =
            OperatingSystem.IsWindows() ? ["LibTorchSharp.dll", "torch.dll", "torch_cpu.dll", "c10.dll"]
            : OperatingSystem.IsMacOS()
                ? ["libLibTorchSharp.dylib", "libtorch.dylib", "libtorch_cpu.dylib", "libc10.dylib"]
            : ["libLibTorchSharp.so", "libtorch.so", "libtorch_cpu.so", "libc10.so"];
        return [.. names.Where(name => !Folders().Any(folder => File.Exists(Path.Combine(folder, name))))];
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
