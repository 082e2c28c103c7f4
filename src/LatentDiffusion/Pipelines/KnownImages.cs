using LatentDiffusion.Data.Masks;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>Images with holes as what a sampler blends in.</summary>
internal static class KnownImages
{
    /// <summary>Encodes what is known; a latent pixel is known where its whole area is.</summary>
    /// <param name="model">The model; images are multiples of its sizes.</param>
    /// <param name="images">The images, of one size.</param>
    /// <returns>Tensors of the current dispose scope.</returns>
    public static KnownLatents Encode(LatentDiffusionModel model, IReadOnlyList<MaskedImage> images)
    {
        using var scope = NewDisposeScope();
        var factor = model.FirstStage.DownsamplingFactor;
        var pixels = ImageTensors.FromImages([.. images.Select(WithMeanInHoles)]);
        var latents = model
            .FirstStage.ModeOfLatents(model.FirstStage.Encode(pixels))
            .mul(Scalars.Of(model.ScaleFactor));
        var keep = images.SelectMany(image => image.Mask.Covering(factor).ToKeep()).ToArray();
        return new KnownLatents(
            tensor(keep, [images.Count, 1, latents.shape[2], latents.shape[3]]).MoveToOuterDisposeScope(),
            latents.MoveToOuterDisposeScope()
        );
    }

    // Encoders look beyond a latent pixel's area: what is in a hole must not show at its border.
    private static RgbImage WithMeanInHoles(MaskedImage image)
    {
        var (sums, known) = (new long[3], 0L);
        for (var i = 0; i < image.Image.Width * image.Image.Height; i++)
        {
            if (!image.Mask[i % image.Image.Width, i / image.Image.Width])
            {
                known++;
                for (var c = 0; c < 3; c++)
                {
                    sums[c] += image.Image.Pixels[3 * i + c];
                }
            }
        }

        var mean = Array.ConvertAll(sums, sum => (byte)(known == 0 ? 128 : sum / known));
        return image.FilledFrom(
            RgbImage.Filled(image.Image.Width, image.Image.Height, new Rgb(mean[0], mean[1], mean[2]))
        );
    }
}
