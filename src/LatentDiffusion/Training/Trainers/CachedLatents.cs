using LatentDiffusion.Data;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Progress;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>
/// Encodes every image once in every way in which the data set may lay it, mirrored or turned, and keeps what the encoder
/// said (the moments, not one draw of latents) in memory.
/// </summary>
internal sealed class CachedLatents : ILatentSource
{
    private readonly ImageDataset _dataset;
    private readonly Dictionary<SquareSymmetry, Tensor> _encoded = [];
    private readonly ConditionInput[] _inputs;
    private readonly EpochOrder _order;
    private readonly int _batchSize;

    public CachedLatents(
        FirstStage firstStage,
        ImageDataset dataset,
        int batchSize,
        long firstSample,
        IProgress<StepProgress>? progress,
        CancellationToken cancellation
    )
    {
        _dataset = dataset;
        _batchSize = batchSize;
        _order = new EpochOrder(dataset.Count, dataset.Seed, firstSample);
        _inputs = [.. Enumerable.Range(0, dataset.Count).Select(i => ImageConditions.Of(dataset.Source.Describe(i)))];
        var symmetries = dataset.Transform.Symmetries;
        foreach (var symmetry in symmetries)
        {
            var before = _encoded.Count * dataset.Count;
            _encoded[symmetry] = ImageEncoding.Encode(
                firstStage,
                Lying(dataset, symmetry),
                Enumerable.Range(0, dataset.Count),
                done => Report(before + done)
            );
        }

        void Report(int done)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new StepProgress("encode images", done, symmetries.Count * dataset.Count));
        }
    }

    public LatentBatch Next()
    {
        var picks = Enumerable.Range(0, _batchSize).Select(_ => _order.Next()).ToArray();
        using var scope = NewDisposeScope();
        var encoded = stack(
                picks.Select(p => _encoded[_dataset.SymmetryOf(p.Epoch, p.Index)].select(0, p.Index)).ToArray()
            )
            .MoveToOuterDisposeScope();
        return new LatentBatch(encoded, [.. picks.Select(p => InputOf(p.Epoch, p.Index))]);
    }

    // What is made of pixels or lies as they do is another thing in every epoch.
    private ConditionInput InputOf(long epoch, int index) =>
        _dataset.Annotators.Count == 0 ? _inputs[index] : ImageConditions.Of(_dataset, epoch, index);

    public void Dispose()
    {
        foreach (var encoded in _encoded.Values)
        {
            encoded.Dispose();
        }
    }

    private static ImageDataset Lying(ImageDataset dataset, SquareSymmetry symmetry) =>
        new(dataset.Source, dataset.Transform with { Always = symmetry }, dataset.Seed, cacheBytes: 0);
}
