using System.Security.Cryptography;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;

namespace LatentDiffusion.Pipelines.Provenance;

/// <summary>Which model drew a picture.</summary>
/// <param name="Name">The name of its folder or file.</param>
/// <param name="Path">The file of its weights, as its path was given.</param>
/// <param name="Sha256">The hash of that file, 64 hexadecimal digits.</param>
public sealed record ModelIdentity(string Name, string Path, string Sha256)
{
    private const int ShortDigits = 10;

    /// <summary>The first digits of the hash, by which web interfaces tell models apart.</summary>
    public string ShortHash => Sha256[..Math.Min(ShortDigits, Sha256.Length)];

    /// <summary>Reads the whole file once.</summary>
    /// <param name="path">A run folder, a model folder, or a file.</param>
    /// <exception cref="UserInputException">There is no model at the path.</exception>
    public static ModelIdentity Of(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var file = ModelLocation.Resolve(path);
        using var stream = File.OpenRead(file);
        return new ModelIdentity(
            NameOf(path),
            file.Replace('\\', '/'),
            Convert.ToHexStringLower(SHA256.HashData(stream))
        );
    }

    // "models/emoji-text" and "models/emoji-text/model.safetensors" are both emoji-text.
    private static string NameOf(string path)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        return !File.Exists(full) ? System.IO.Path.GetFileName(full)
            : System.IO.Path.GetFileName(full) != ModelFile.FileName ? System.IO.Path.GetFileNameWithoutExtension(full)
            : System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(full) ?? full);
    }
}
