using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace LatentDiffusion.Tensors.Runtime;

/// <summary>
/// Makes TorchSharp's native library load on hosts whose libstdc++ is older than GCC 13's, and sets the process's
/// memory allocator up for tensors. Both happen by themselves when this assembly is first used.
/// </summary>
/// <remarks>
/// <para>
/// <c>libLibTorchSharp.so</c> names the symbol version <c>GLIBCXX_3.4.32</c> for one unrelocated anchor that nothing
/// calls. On a host without that version the loader refuses the whole library. The .NET runtime then raises
/// <see cref="AssemblyLoadContext.ResolvingUnmanagedDll"/>; only then does this class act: it loads libtorch by full
/// path, writes a copy of the library with that one requirement marked weak to a per-user cache, and loads the copy.
/// Where the library loads as shipped, the event never comes and nothing is done.
/// </para>
/// <para>An assembly that touches TorchSharp before this one must call <see cref="Register"/> first.</para>
/// </remarks>
public static class TorchRuntime
{
    private const string LibraryName = "LibTorchSharp";
    private const string FileName = "libLibTorchSharp.so";
    private const string StandardLibrary = "libstdc++.so.6";
    private const string MissingVersion = "GLIBCXX_3.4.32";

    private static readonly Lock Gate = new();
    private static bool _registered;
    private static nint _handle;

    /// <summary>The patched copy in use, or null where the library loaded as shipped (or was not needed yet).</summary>
    public static string? PatchedLibraryPath { get; private set; }

    /// <summary>The environment variable that names another folder for <see cref="CacheDirectory"/>.</summary>
    public const string CacheDirectoryVariable = PatchedLibraryCache.DirectoryVariable;

    /// <summary>The current user's folder for patched libraries and other things that can be made again.</summary>
    public static string CacheDirectory => PatchedLibraryCache.Root();

    /// <summary>Prepares the process for TorchSharp; further calls do nothing. Loads no native library itself.</summary>
#pragma warning disable CA2255 // A library may not run code at start-up lightly; this must precede the first native call.
    [ModuleInitializer]
#pragma warning restore CA2255
    public static void Register()
    {
        lock (Gate)
        {
            if (_registered)
            {
                return;
            }

            _registered = true;
            AllocatorSettings.Apply();
            ThreadTeamSettings.Apply();
            if (OperatingSystem.IsLinux())
            {
                AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;
            }
        }
    }

    /// <summary>Loads libtorch now and says in one sentence what is wrong if that cannot be done.</summary>
    /// <exception cref="TorchRuntimeException">The native libraries are missing, damaged or do not fit this host.</exception>
    public static void Load()
    {
        try
        {
            // TorchSharp answers a failure by copying packages about and printing a log: find out first.
            if (OperatingSystem.IsLinux())
            {
                NativeLibrary.Load(LibraryName, typeof(torch).Assembly, null);
                NativeLogSettings.Apply();
            }

            torch.InitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception e) when (Unwrap(e) is { } cause)
        {
            throw cause;
        }
    }

    /// <summary>Turns TorchSharp's misleading start-up exceptions into a <see cref="TorchRuntimeException"/>.</summary>
    /// <returns>The exception to show, or null when <paramref name="exception"/> has another origin.</returns>
    public static TorchRuntimeException? Unwrap(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is TorchRuntimeException found)
            {
                return found;
            }

            var isLoading = e is NotSupportedException && e.Message.Contains("TorchSharp", StringComparison.Ordinal);
            if (isLoading || (e is DllNotFoundException && e.Message.Contains(LibraryName, StringComparison.Ordinal)))
            {
                return new TorchRuntimeException(
                    $"libtorch could not be loaded from {AppContext.BaseDirectory}. Build the program for this "
                        + "platform (dotnet build), keep its native files beside it, and run 'ldm doctor'.",
                    exception
                );
            }
        }

        return null;
    }

    private static nint Resolve(Assembly assembly, string name)
    {
        if (name != LibraryName)
        {
            return 0;
        }

        lock (Gate)
        {
            if (_handle == 0)
            {
                _handle = LoadPatched();
            }

            return _handle;
        }
    }

    private static nint LoadPatched()
    {
        var original = NativeDirectories().Select(d => Path.Combine(d, FileName)).FirstOrDefault(File.Exists);
        if (original is null)
        {
            return 0;
        }

        var image = File.ReadAllBytes(original);
        var matched = MarkWeak(image, original);
        if (matched != 1)
        {
            throw new TorchRuntimeException(
                $"{original} does not load, and it is not the library this program knows how to mend: "
                    + $"{matched} requirements for {MissingVersion}, expected 1. Restore the packages again, or use a "
                    + "host with libstdc++ of GCC 13 or newer."
            );
        }

        // The copy lies apart from libtorch, so libtorch must be in the process first: the loader then finds it by SONAME.
        LoadFile(Path.Combine(Path.GetDirectoryName(original)!, "libtorch.so"));
        var path = Store(image);
        var handle = LoadFile(path);
        PatchedLibraryPath = path;
        return handle;
    }

    private static int MarkWeak(byte[] image, string path)
    {
        try
        {
            return ElfVersionRequirements.MarkWeak(image, StandardLibrary, MissingVersion);
        }
        catch (InvalidDataException e)
        {
            throw new TorchRuntimeException($"{path} is damaged: {e.Message} Restore the packages again.", e);
        }
    }

    private static string Store(byte[] image)
    {
        try
        {
            return PatchedLibraryCache.Store(image, FileName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TorchRuntimeException(
                $"The folder {CacheDirectory} cannot be written, but this host needs a patched library there. Set "
                    + $"{CacheDirectoryVariable} to a folder that can be written.",
                e
            );
        }
    }

    private static nint LoadFile(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // The loader's own reason is the last line of a long message.
            var reason = e.Message.TrimEnd().Split('\n')[^1];
            throw new TorchRuntimeException($"{path} does not load: {reason}", e);
        }
    }

    private static IEnumerable<string> NativeDirectories()
    {
        var fromHost = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return
        [
            AppContext.BaseDirectory,
            Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"),
            .. fromHost.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        ];
    }
}
