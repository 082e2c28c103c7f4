using System.Reflection;
using System.Runtime.InteropServices;
using LatentDiffusion.Cli.Doctor;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>Where results come from, for the foot of a report.</summary>
internal static class Provenance
{
    /// <summary>This machine and this program in words.</summary>
    public static string Here => $"{Machine}; ldm {Version}";

    private static string Machine =>
        $"{LinuxHost.ProcessorName() ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores, "
        + RuntimeInformation.OSDescription;

    // With the commit that it was built from, where the build knew it.
    private static string Version =>
        typeof(Provenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
