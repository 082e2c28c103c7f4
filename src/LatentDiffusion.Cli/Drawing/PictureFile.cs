using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Imaging.Metadata;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines.Provenance;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>A picture that tells how it was drawn.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Record">What it tells.</param>
internal sealed record PictureFile(string Path, GenerationRecord Record)
{
    /// <exception cref="UserInputException">The file is no such picture.</exception>
    public static PictureFile Read(string path)
    {
        var bytes = ReadBytes(path);
        return GeneratedPng.RecordIn(PngText.Read(bytes, path), path) is { } record
            ? new PictureFile(path, record)
            : throw new UserInputException(
                $"{path} does not say how to draw it again: give a picture that this program drew, not a sheet of several."
            );
    }

    /// <exception cref="ImageFormatException">The file cannot be read.</exception>
    public static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageFormatException($"Image \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Finds the model that drew the picture.</summary>
    /// <param name="given">The model that the user names instead, or null.</param>
    /// <param name="output">Told when that is another one.</param>
    /// <returns>A path that holds a model.</returns>
    /// <exception cref="UserInputException">The model is not where it was, or has changed.</exception>
    public ModelIdentity FindModel(string? given, Output output)
    {
        var path =
            given
            ?? (System.IO.Path.Exists(Record.Model.Path) ? Record.Model.Path : null)
            ?? ShippedModels.Find(Record.Model.Name)
            ?? throw new UserInputException(
                $"{Path} was drawn by the model {Record.Model.Name}, which is not at {Record.Model.Path}: name its place, "
                    + "as in 'ldm sample MODEL --from PICTURE'."
            );
        var found = ModelIdentity.Of(path);
        if (found.Sha256 == Record.Model.Sha256)
        {
            return found with { Name = Record.Model.Name };
        }

        var difference =
            $"{path} is not the model that drew {Path} (hash {found.ShortHash}, not {Record.Model.ShortHash})";
        if (given is null)
        {
            throw new UserInputException($"{difference}: name that model, or this one to use it all the same.");
        }

        output.Warn($"{difference}: the picture will be another one.");
        return found;
    }
}
