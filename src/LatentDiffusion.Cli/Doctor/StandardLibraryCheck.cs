using System.Text.RegularExpressions;

namespace LatentDiffusion.Cli.Doctor;

/// <summary>Which C++ standard library the process uses, and how new it is.</summary>
internal static partial class StandardLibraryCheck
{
    private const string Name = "C++ library";

    // The version that TorchSharp's native library names.
    private static readonly Version Wanted = new(3, 4, 32);

    /// <summary>Reads the version tags of the loaded libstdc++; nothing on systems without one.</summary>
    public static IEnumerable<Check> All()
    {
        if (LinuxHost.LoadedLibrary("libstdc++.so") is not { } path)
        {
            return [];
        }

        var newest = NewestTag(path);
        return
        [
            newest is null ? Check.Warning(Name, $"{path} names no GLIBCXX version")
            : newest >= Wanted ? Check.Ok(Name, $"{path} up to GLIBCXX_{newest}")
            : Check.Ok(Name, $"{path} up to GLIBCXX_{newest}; TorchSharp names {Wanted}, see 'native library'"),
        ];
    }

    private static Version? NewestTag(string path) =>
        Tag()
            .Matches(System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(path)))
            .Select(m => Version.Parse(m.Groups[1].Value))
            .Max();

    [GeneratedRegex(@"GLIBCXX_(\d+\.\d+(?:\.\d+)?)\0")]
    private static partial Regex Tag();
}
