using System.Security.Cryptography;
using LatentDiffusion.Errors;
using LatentDiffusion.Pipelines.Provenance;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>A file that a picture is drawn from.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Bytes">What it holds.</param>
internal sealed record SourceFile(string Path, byte[] Bytes)
{
    /// <summary>What pictures tell about it.</summary>
    public RecordedFile Record { get; } =
        new(Path.Replace('\\', '/'), Convert.ToHexStringLower(SHA256.HashData(Bytes)));

    /// <summary>Reads the file that the user names, or the one that a picture tells of.</summary>
    /// <param name="path">The file that the user names, or null.</param>
    /// <param name="recorded">The one that the picture tells of, or null; needed where the user names none.</param>
    /// <param name="picture">The picture that is drawn again, or null.</param>
    /// <param name="remedy">How to name another file, as part of a command line.</param>
    /// <exception cref="UserInputException">The file cannot be read, or is not the one that the picture tells of.</exception>
    public static SourceFile Read(string? path, RecordedFile? recorded, PictureFile? picture, string remedy)
    {
        var file = path ?? recorded!.Path;
        if (path is null && !File.Exists(file))
        {
            throw new UserInputException(
                $"{picture!.Path} was drawn from {file}, which is not there: name it, as in 'ldm {remedy}'."
            );
        }

        var source = new SourceFile(file, PictureFile.ReadBytes(file));
        return path is not null || source.Record.Sha256 == recorded!.Sha256
            ? source
            : throw new UserInputException(
                $"{picture!.Path} was drawn from {file}, which has changed since: name another, as in 'ldm {remedy}'."
            );
    }
}
