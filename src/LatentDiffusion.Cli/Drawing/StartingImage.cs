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

        var source = SourceFile.Read(
            path,
            recorded is null ? null : new RecordedFile(recorded.Path, recorded.Sha256),
            picture,
            $"img2img --from {picture?.Path} --image FILE"
        );
        return new StartingImage(
            ImageDecoder.Decode(source.Bytes, file),
            new RecordedStart(
                source.Record.Path,
                source.Record.Sha256,
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
