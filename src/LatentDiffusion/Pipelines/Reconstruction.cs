using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Autoencoders;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>Sends images through a first stage and back.</summary>
/// <param name="firstStage">The first stage; used by one thread at a time.</param>
public sealed class Reconstruction(FirstStage firstStage)
{
    /// <summary>Reconstructs an image from its most likely latents.</summary>
    /// <param name="image">Any size; it is cropped at the right and bottom to a multiple of the downsampling factor.</param>
    /// <returns>The cropped input and its reconstruction.</returns>
    public (RgbImage Input, RgbImage Output) Reconstruct(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var factor = firstStage.DownsamplingFactor;
        var input = image.Crop(0, 0, image.Width / factor * factor, image.Height / factor * factor);
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var latents = firstStage.ModeOfLatents(firstStage.Encode(ImageTensors.FromImage(input)));
        return (input, ImageTensors.ToImages(firstStage.Decode(latents))[0]);
    }

    /// <summary>The average PSNR over a data set, in dB.</summary>
    public double AveragePeakSignalToNoiseRatio(ImageDataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var size = dataset.Transform.Size;
        return Enumerable
            .Range(0, dataset.Count)
            .Select(i => Reconstruct(RgbImage.FromPlanar(dataset.Get(epoch: 0, i).Pixels, size, size)))
            .Average(pair => PeakSignalToNoiseRatio(pair.Input, pair.Output));
    }

    /// <summary>Peak signal-to-noise ratio of two images of one size, in dB; infinite for equal images.</summary>
    public static double PeakSignalToNoiseRatio(RgbImage first, RgbImage second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Width != second.Width || first.Height != second.Height)
        {
            throw new ArgumentException("The images differ in size.", nameof(second));
        }

        var sum = 0.0;
        for (var i = 0; i < first.Pixels.Length; i++)
        {
            var difference = (double)first.Pixels[i] - second.Pixels[i];
            sum += difference * difference;
        }

        return 10 * Math.Log10(255.0 * 255.0 * first.Pixels.Length / sum);
    }
}
