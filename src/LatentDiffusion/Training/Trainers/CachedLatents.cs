using LatentDiffusion.Data;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Progress;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>
/// Encodes every image once, plain and where the data set mirrors also mirrored, and keeps what the encoder said (the
/// moments, not one draw of latents) in memory.
/// </summary>
internal sealed class CachedLatents : ILatentSource
{
    private readonly ImageDataset _dataset;
    private readonly Tensor _plain;
    private readonly Tensor? _mirrored;
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
        var mirrors = dataset.Transform.FlipProbability > 0;
        var total = dataset.Count * (mirrors ? 2 : 1);
        var all = Enumerable.Range(0, dataset.Count);
        _plain = ImageEncoding.Encode(firstStage, Unmirrored(dataset, 0), all, Report);
        _mirrored = mirrors
            ? ImageEncoding.Encode(firstStage, Unmirrored(dataset, 1), all, n => Report(dataset.Count + n))
            : null;

        void Report(int done)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new StepProgress("encode images", done, total));
        }
    }

    public LatentBatch Next()
    {
        var picks = Enumerable.Range(0, _batchSize).Select(_ => _order.Next()).ToArray();
        using var indices = tensor(picks.Select(p => (long)p.Index).ToArray());
        var encoded = _plain.index_select(0, indices);
        if (_mirrored is not null)
        {
            using var plain = encoded;
            using var mirrored = _mirrored.index_select(0, indices);
            using var mirror = tensor(picks.Select(p => _dataset.IsMirrored(p.Epoch, p.Index)).ToArray());
            encoded = where(mirror.reshape(-1, 1, 1, 1), mirrored, plain);
        }

        return new LatentBatch(encoded, [.. picks.Select(p => InputOf(p.Epoch, p.Index))]);
    }

    // What is made of pixels or mirrored with them is another thing in every epoch.
    private ConditionInput InputOf(long epoch, int index) =>
        _dataset.Annotators.Count == 0 ? _inputs[index] : ImageConditions.Of(_dataset, epoch, index);

    public void Dispose()
    {
        _plain.Dispose();
        _mirrored?.Dispose();
    }

    private static ImageDataset Unmirrored(ImageDataset dataset, double flipProbability) =>
        new(dataset.Source, dataset.Transform with { FlipProbability = flipProbability }, dataset.Seed, cacheBytes: 0);
}
