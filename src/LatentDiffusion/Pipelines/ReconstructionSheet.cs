using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Autoencoders;

namespace LatentDiffusion.Pipelines;

/// <summary>Draws inputs above their reconstructions.</summary>
public static class ReconstructionSheet
{
    private const int WantedPixels = 96;

    /// <summary>Draws pairs of evenly spaced images of a data set.</summary>
    /// <param name="firstStage">The first stage.</param>
    /// <param name="dataset">The images.</param>
    /// <param name="pairs">How many, at most.</param>
    /// <param name="columns">Pairs per row.</param>
    public static RgbImage Draw(FirstStage firstStage, ImageDataset dataset, int pairs, int columns)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var count = Math.Min(pairs, dataset.Count);
        var images = Enumerable
            .Range(0, count)
            .Select(i => dataset.Get(epoch: 0, (int)((long)i * dataset.Count / count)).Pixels)
            .Select(planar => RgbImage.FromPlanar(planar, dataset.Transform.Size, dataset.Transform.Size))
            .ToList();
        return Draw(firstStage, images, columns);
    }

    /// <summary>Draws pairs of the given images, all of one size.</summary>
    /// <param name="firstStage">The first stage.</param>
    /// <param name="images">The images.</param>
    /// <param name="columns">Pairs per row.</param>
    public static RgbImage Draw(FirstStage firstStage, IReadOnlyList<RgbImage> images, int columns)
    {
        ArgumentNullException.ThrowIfNull(images);
        var reconstruction = new Reconstruction(firstStage);
        List<RgbImage> cells = [];
        List<string> captions = [];
        foreach (var row in images.Chunk(columns))
        {
            var pairs = row.Select(reconstruction.Reconstruct).ToList();
            var (width, height) = (pairs[0].Input.Width, pairs[0].Input.Height);
            var blank = Enumerable.Repeat(RgbImage.Filled(width, height, Rgb.White), columns - row.Length).ToList();
            cells.AddRange([.. pairs.Select(p => p.Input), .. blank, .. pairs.Select(p => p.Output), .. blank]);
            captions.AddRange(["input", "output"]);
        }

        return new ContactSheet(columns)
        {
            Upscale = Math.Max(1, WantedPixels / images[0].Width),
            RowCaptions = captions,
        }.Draw(cells);
    }
}
