using System.Security.Cryptography;
using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Provenance;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>The image that drawing starts from, and what pictures tell about it.</summary>
internal sealed record StartingImage(RgbImage Image, RecordedStart Record)
{
    /// <summary>Reads the image that the user names, or the one that a picture tells of.</summary>
    /// <param name="path">The image that the user names, or null.</param>
    /// <param name="strength">The strength that the user names, or null.</param>
    /// <param name="isNeeded">Whether nothing can be drawn without an image.</param>
    /// <param name="picture">The picture that is drawn again, or null.</param>
    /// <returns>Null when there is no image to start from.</returns>
    /// <exception cref="UserInputException">The image cannot be read, or is not the one that the picture tells of.</exception>
    public static StartingImage? Find(string? path, double? strength, bool isNeeded, PictureFile? picture)
    {
        var recorded = picture?.Record.Start;
        if ((path ?? recorded?.Path) is not { } file)
        {
            return picture is not null && isNeeded
                ? throw new UserInputException($"{picture.Path} was not started from an image: name one with --image.")
                : null;
        }

        if (path is null && !File.Exists(file))
        {
            throw new UserInputException(
                $"{picture!.Path} was started from {file}, which is not there: name it, as in "
                    + $"'ldm img2img --from {picture.Path} --image FILE'."
            );
        }

        var bytes = PictureFile.ReadBytes(file);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (path is null && hash != recorded!.Sha256)
        {
            throw new UserInputException(
                $"{picture!.Path} was started from {file}, which has changed since: name another with --image."
            );
        }

        return new StartingImage(
            ImageDecoder.Decode(bytes, file),
            new RecordedStart(
                file.Replace('\\', '/'),
                hash,
                strength ?? recorded?.Strength ?? StartOptions.UsualStrength
            )
        );
    }

    /// <summary>A request that starts from the image, brought to the size that is drawn.</summary>
    public SamplingRequest AddTo(SamplingRequest request, LatentDiffusionModel model, Output output)
    {
        var (width, height) = (request.Width ?? model.Config.ImageSize, request.Height ?? model.Config.ImageSize);
        if (width <= 0 || height <= 0)
        {
            // The check of the request says what is wrong.
            return request;
        }

        if ((Image.Width, Image.Height) != (width, height))
        {
            output.Log(
                $"{Record.Path} has {Image.Width}x{Image.Height} pixels: scaled and cropped to {width}x{height}."
            );
        }

        return request with
        {
            Start = new StartImage(StartImage.Fit(Image, width, height), Record.Strength),
        };
    }
}
