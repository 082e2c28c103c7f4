using System.Text.Json;

namespace LatentDiffusion.Tools.EmojiDataset;

/// <summary>An npm package that the data set is made from, in the one version it is made from.</summary>
/// <param name="Name">The package's name, which is also its folder, as in <c>node_modules</c>.</param>
/// <param name="Version">The version that the data set was made from.</param>
internal sealed record SourcePackage(string Name, string Version)
{
    /// <summary>The names, groups and skin tones of all emoji.</summary>
    public static readonly SourcePackage Emojibase = new("emojibase-data", "17.0.0");

    /// <summary>Google's drawings.</summary>
    public static readonly SourcePackage Noto = new("emoji-datasource-google", "16.0.0");

    /// <summary>Twitter's drawings.</summary>
    public static readonly SourcePackage Twemoji = new("emoji-datasource-twitter", "16.0.0");

    /// <summary>Microsoft's drawings.</summary>
    public static readonly SourcePackage Fluent = new("@lobehub/fluent-emoji-3d", "1.1.0");

    /// <summary>Finds a file or folder of this package and makes sure that it is there in the right version.</summary>
    /// <param name="packagesFolder">The folder that holds the unpacked packages by name.</param>
    /// <param name="path">The path inside the package, with forward slashes.</param>
    /// <exception cref="DatasetException">The package or the path is missing, or the version is another one.</exception>
    public string Resolve(string packagesFolder, string path)
    {
        var folder = Path.Combine(packagesFolder, Name);
        if (!Directory.Exists(folder))
        {
            throw new DatasetException($"package folder {folder} is missing: unpack {Name} {Version} there");
        }

        var found = ReadVersion(folder);
        if (found != Version)
        {
            throw new DatasetException($"package folder {folder} holds version {found}, not {Version}");
        }

        var target = Path.Combine(folder, path);
        return Path.Exists(target)
            ? target
            : throw new DatasetException($"package folder {folder} is incomplete: {path} is missing");
    }

    private static string ReadVersion(string folder)
    {
        var manifest = Path.Combine(folder, "package.json");
        if (!File.Exists(manifest))
        {
            throw new DatasetException($"package folder {folder} is incomplete: package.json is missing");
        }

        using var json = JsonDocument.Parse(File.ReadAllBytes(manifest));
        return json.RootElement.GetProperty("version").GetString() ?? "none";
    }
}
