using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>What a classifier says about the images of a data set; the network must be in inference mode.</summary>
/// <param name="network">The network.</param>
/// <param name="head">The head that knows the data set's classes.</param>
internal sealed class ClassifierEvaluation(FeatureClassifier network, int head)
{
    private const int BatchSize = 100;
    private const int SheetColumns = 12;
    private const int SheetRows = 12;
    private const int SheetImages = 1000;
    private const int SheetUpscale = 2;

    /// <summary>The share of the images that get their own class.</summary>
    public double Accuracy(ImageDataset dataset, CancellationToken cancellation)
    {
        var indices = Enumerable.Range(0, dataset.Count);
        var right = Classify(dataset, indices, cancellation).Count(p => p.Class == ClassOf(dataset, p.Index));
        return right / (double)dataset.Count;
    }

    /// <summary>Draws, for each class, the images that the network is most sure to belong to it.</summary>
    public RgbImage DrawSheet(ImageDataset dataset, CancellationToken cancellation)
    {
        var count = Math.Min(SheetImages, dataset.Count);
        var indices = Enumerable.Range(0, count).Select(i => (int)((long)i * dataset.Count / count));
        var byClass = Classify(dataset, indices, cancellation).ToLookup(p => p.Class);
        var classes = dataset.Source.ClassNames.Index().Take(SheetRows).ToList();
        var blank = RgbImage.Filled(dataset.Size, dataset.Size, Rgb.White);
        var cells = classes.SelectMany(c =>
            byClass[c.Index]
                .OrderByDescending(p => p.Probability)
                .Select(p => RgbImage.FromPlanar(dataset.Get(epoch: 0, p.Index).Pixels, dataset.Size, dataset.Size))
                .Concat(Enumerable.Repeat(blank, SheetColumns))
                .Take(SheetColumns)
        );
        return new ContactSheet(SheetColumns)
        {
            Upscale = SheetUpscale,
            RowCaptions = [.. classes.Select(c => c.Item)],
        }.Draw([.. cells]);
    }

    private IEnumerable<Prediction> Classify(
        ImageDataset dataset,
        IEnumerable<int> indices,
        CancellationToken cancellation
    )
    {
        foreach (var batch in indices.Chunk(BatchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var prediction in Classify(dataset, batch))
            {
                yield return prediction;
            }
        }
    }

    private List<Prediction> Classify(ImageDataset dataset, int[] indices)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var length = 3 * dataset.Size * dataset.Size;
        var pixels = new float[indices.Length * length];
        foreach (var (i, index) in indices.Index())
        {
            PixelRange.ToFloats(dataset.Get(epoch: 0, index).Pixels, pixels.AsSpan(i * length, length));
        }

        var images = ImageTensors.FromPlanar(pixels, indices.Length, dataset.Size, dataset.Size);
        var (probabilities, classes) = network.Classify(network.Embed(images), head).softmax(dim: 1).max(dim: 1);
        return
        [
            .. indices.Zip(
                classes.data<long>().ToArray().Zip(probabilities.data<float>().ToArray()),
                (index, result) => new Prediction(index, (int)result.First, result.Second)
            ),
        ];
    }

    private static int? ClassOf(ImageDataset dataset, int index) => dataset.Source.Describe(index).ClassId;

    private sealed record Prediction(int Index, int Class, float Probability);
}
