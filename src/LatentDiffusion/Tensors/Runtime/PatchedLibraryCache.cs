using System.Security.Cryptography;

namespace LatentDiffusion.Tensors.Runtime;

/// <summary>Keeps patched native libraries in a folder of the current user, one subfolder per content hash.</summary>
internal static class PatchedLibraryCache
{
    /// <summary>Names another folder for the cache, for users without a writable home.</summary>
    public const string DirectoryVariable = "LDM_CACHE_DIR";

    /// <summary>Writes the library unless the same bytes lie there already, and returns its path.</summary>
    public static string Store(ReadOnlySpan<byte> image, string fileName)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(image))[..16];
        var folder = Path.Combine(Root(), "native", hash);
        var path = Path.Combine(folder, fileName);
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(image))
        {
            return path;
        }

        // Another process may do the same at this moment: write aside, then rename over.
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, Path.GetRandomFileName());
        using (var stream = File.Create(temporary))
        {
            stream.Write(image);
        }

        File.Move(temporary, path, overwrite: true);
        return path;
    }

    /// <summary>The cache folder of the current user; it need not exist yet.</summary>
    public static string Root()
    {
        var chosen = Environment.GetEnvironmentVariable(DirectoryVariable);
        if (!string.IsNullOrEmpty(chosen))
        {
            return chosen;
        }

        var local = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify
        );
        return local.Length > 0
            ? Path.Combine(local, "latent-diffusion")
            : Path.Combine(Path.GetTempPath(), $"latent-diffusion-{Environment.UserName}");
    }
}
