using System.Globalization;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>
/// Shows how much noise a classifier sees through: images of several classes, noisier from left to right, those that it
/// gets wrong darkened.
/// </summary>
internal static class NoisyClassifierSheet
{
    private const int Rows = 8;
    private const int Columns = 8;
    private const int WantedPixels = 96;
    private const int Darkening = 4;

    /// <summary>Draws.</summary>
    /// <param name="model">The classifier, in inference mode.</param>
    /// <param name="images">Where images and noise come from.</param>
    public static RgbImage Draw(NoisyLatentClassifier model, ValidationSet images)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var (rows, timesteps, batch) = images.Grid(model.ScaleFactor, Rows, Columns);
        var noisy = model.Process.AddNoise(batch.Latents, batch.Timesteps, batch.Noise);
        var chosen = model.Network.Forward(noisy, batch.Timesteps).argmax(1).data<long>().ToArray();
        var decoded = ImageTensors.ToImages(model.FirstStage.Decode(noisy.div(Scalars.Of(model.ScaleFactor))));
        var cells = decoded.Select((image, i) => chosen[i] == batch.Inputs[i].ClassId ? image : Darken(image)).ToList();
        return new ContactSheet(timesteps.Count)
        {
            Upscale = Math.Max(1, WantedPixels / decoded[0].Width),
            ColumnCaptions = [.. timesteps.Select(t => $"t {t.ToString(CultureInfo.InvariantCulture)}")],
            RowCaptions = [.. rows.Select(id => model.Config.Classes[id])],
        }.Draw(cells);
    }

    private static RgbImage Darken(RgbImage image) =>
        new(image.Width, image.Height, [.. image.Pixels.Select(p => (byte)(p / Darkening))]);
}
