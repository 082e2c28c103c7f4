using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Autoencoders;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// Draws inputs, their reconstructions and what differs: grey where both are equal, lighter where the input is lighter,
/// four times as strong as it is.
/// </summary>
public static class ReconstructionSheet
{
    private const int NarrowestCell = 96;
    private const int WantedWidth = 1200;
    private const int Grey = 127;
    private const int Strength = 4;

    private static readonly string[] Captions = ["input", "reconstruction", $"{Strength}x difference"];

    /// <summary>Reconstructs and draws evenly spaced images of a data set.</summary>
    /// <param name="firstStage">The first stage.</param>
    /// <param name="dataset">The images.</param>
    /// <param name="count">How many, at most.</param>
    public static RgbImage Draw(FirstStage firstStage, ImageDataset dataset, int count)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var indices = EvenlySpaced.Indices(dataset.Count, count);
        return Draw([.. new Reconstruction(firstStage).Reconstruct(dataset, indices)]);
    }

    /// <summary>Draws pairs that are there already.</summary>
    /// <param name="pairs">At least one.</param>
    public static RgbImage Draw(IReadOnlyList<ReconstructionPair> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        ArgumentOutOfRangeException.ThrowIfZero(pairs.Count, nameof(pairs));
        var width = pairs.Max(pair => pair.Input.Width);
        var upscale = (NarrowestCell + width - 1) / width;
        var perRow = Math.Clamp(WantedWidth / (Captions.Length * width * upscale), 1, pairs.Count);
        return new ContactSheet(perRow * Captions.Length)
        {
            Upscale = upscale,
            ColumnCaptions = [.. Enumerable.Repeat(Captions, perRow).SelectMany(captions => captions)],
        }.Draw([.. pairs.SelectMany(Cells)]);
    }

    private static RgbImage[] Cells(ReconstructionPair pair) =>
        [pair.Input, pair.Output, Difference(pair.Input, pair.Output)];

    private static RgbImage Difference(RgbImage input, RgbImage output) =>
        new(
            input.Width,
            input.Height,
            [.. input.Pixels.Zip(output.Pixels, (x, y) => (byte)Math.Clamp(Grey + Strength * (x - y), 0, 255))]
        );
}
