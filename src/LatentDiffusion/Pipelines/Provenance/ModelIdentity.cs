using System.Security.Cryptography;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Models.Diffusers;

namespace LatentDiffusion.Pipelines.Provenance;

/// <summary>Which model drew a picture.</summary>
/// <param name="Name">The name of its folder or file.</param>
/// <param name="Path">The file of its weights, or the folder of diffusers, as its path was given.</param>
/// <param name="Sha256">The hash of its weights, 64 hexadecimal digits.</param>
public sealed record ModelIdentity(string Name, string Path, string Sha256)
{
    private const int ShortDigits = 10;

    /// <summary>The first digits of the hash, by which web interfaces tell models apart.</summary>
    public string ShortHash => Sha256[..Math.Min(ShortDigits, Sha256.Length)];

    /// <summary>Reads the whole file once; all weights of a folder of diffusers.</summary>
    /// <param name="path">A run folder, a model folder, a folder of diffusers, or a file.</param>
    /// <exception cref="UserInputException">There is no model at the path.</exception>
    public static ModelIdentity Of(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var isFolder = DiffusersFolder.IsOne(path);
        var place = isFolder ? path : ModelLocation.Resolve(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in isFolder ? WeightsIn(path) : [place])
        {
            Add(file, hash);
        }

        return new ModelIdentity(
            NameOf(path),
            place.Replace('\\', '/'),
            Convert.ToHexStringLower(hash.GetHashAndReset())
        );
    }

    private static IEnumerable<string> WeightsIn(string folder) =>
        Directory
            .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => System.IO.Path.GetExtension(file) is ".safetensors" or ".bin")
            .Order(StringComparer.Ordinal);

    private static void Add(string file, IncrementalHash hash)
    {
        var buffer = new byte[1 << 20];
        using var stream = File.OpenRead(file);
        while (stream.Read(buffer) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
        }
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
