using System.Reflection;
using System.Runtime.InteropServices;
using LatentDiffusion.Cli.Doctor;

namespace LatentDiffusion.Cli.Experiments;

/// <summary>Where results come from, for the foot of a report.</summary>
internal static class Provenance
{
    /// <summary>The machine in words.</summary>
    public static string Machine =>
        $"{LinuxHost.ProcessorName() ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores, "
        + RuntimeInformation.OSDescription;

    /// <summary>The program's version with the commit that it was built from, where the build knew it.</summary>
    public static string Version =>
        typeof(Provenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
