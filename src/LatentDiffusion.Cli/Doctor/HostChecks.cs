using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using LatentDiffusion.Tensors.Runtime;

namespace LatentDiffusion.Cli.Doctor;

/// <summary>Checks of the machine and the operating system; none of them needs libtorch.</summary>
internal static class HostChecks
{
    private const double Gigabyte = 1L << 30;
    private const long LeastMemory = 2L << 30;
    private const long LeastDisk = 1L << 30;

    public static IEnumerable<Check> All() => [System(), Runtime(), Processor(), Cores(), Memory(), Disk()];

    private static Check System()
    {
        var text = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}";
        var supported = (RuntimeInformation.ProcessArchitecture, OperatingSystem.IsMacOS()) switch
        {
            (Architecture.X64, false) => true,
            (Architecture.Arm64, true) => true,
            _ => false,
        };
        return supported
            ? Check.Ok("system", text)
            : Check.Problem("system", $"{text}: libtorch comes for Linux x64, Windows x64 and macOS arm64 only");
    }

    private static Check Runtime() =>
        Check.Ok(
            "runtime",
            $"{RuntimeInformation.FrameworkDescription}, ldm {typeof(HostChecks).Assembly.GetName().Version?.ToString(3)}"
        );

    private static Check Processor()
    {
        var name = LinuxHost.ProcessorName() ?? RuntimeInformation.ProcessArchitecture.ToString();
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return Check.Ok("processor", name);
        }

        (string Name, bool Supported)[] sets =
        [
            ("AVX2", Avx2.IsSupported),
            ("FMA", Fma.IsSupported),
            ("AVX-512", Avx512F.IsSupported),
        ];
        var present = string.Join(", ", sets.Where(s => s.Supported).Select(s => s.Name));
        return Avx2.IsSupported
            ? Check.Ok("processor", $"{name} with {present}")
            : Check.Warning("processor", $"{name} without AVX2: everything works, several times slower");
    }

    private static Check Cores()
    {
        var usable = Environment.ProcessorCount;
        var total = LinuxHost.ProcessorCount() ?? usable;
        var quota = LinuxHost.ProcessorQuota() is { } cpus ? $", limited to {cpus:0.##} by the container" : "";
        return Check.Ok("cores", usable == total ? $"{usable}{quota}" : $"{usable} usable of {total}{quota}");
    }

    private static Check Memory()
    {
        var info = GC.GetGCMemoryInfo();
        var total = info.TotalAvailableMemoryBytes;
        var available = Math.Min(LinuxHost.AvailableMemory() ?? total - info.MemoryLoadBytes, total);
        var text = $"{available / Gigabyte:0.0} GB available of {total / Gigabyte:0.0} GB";
        return available >= LeastMemory
            ? Check.Ok("memory", text)
            : Check.Warning("memory", $"{text}: small models only; close other programs");
    }

    private static Check Disk()
    {
        var folder = TorchRuntime.CacheDirectory;
        try
        {
            Directory.CreateDirectory(folder);
            using (File.Create(Path.Combine(folder, Path.GetRandomFileName()), 1, FileOptions.DeleteOnClose)) { }
            var free = new DriveInfo(folder).AvailableFreeSpace;
            var text = $"{free / Gigabyte:0.0} GB free for {folder}";
            return free >= LeastDisk ? Check.Ok("cache folder", text) : Check.Warning("cache folder", text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Check.Warning(
                "cache folder",
                $"{folder} cannot be written; set {TorchRuntime.CacheDirectoryVariable} to a folder that can"
            );
        }
    }
}
