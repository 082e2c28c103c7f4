using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>
/// Encodes every image once, plain and where the data set mirrors also mirrored, and keeps what the encoder said (the
/// moments, not one draw of latents) in memory.
/// </summary>
internal sealed class CachedLatents : ILatentSource
{
    private const int EncodeBatch = 64;

    private readonly ImageDataset _dataset;
    private readonly Tensor _plain;
    private readonly Tensor? _mirrored;
    private readonly int[] _classIds;
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
        _classIds = [.. Enumerable.Range(0, dataset.Count).Select(i => dataset.Source.Describe(i).ClassId ?? -1)];
        var mirrors = dataset.Transform.FlipProbability > 0;
        var total = dataset.Count * (mirrors ? 2 : 1);
        _plain = Encode(firstStage, Unmirrored(dataset, 0), n => Report(n));
        _mirrored = mirrors ? Encode(firstStage, Unmirrored(dataset, 1), n => Report(dataset.Count + n)) : null;

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

        return new LatentBatch(encoded, [.. picks.Select(p => _classIds[p.Index])]);
    }

    public void Dispose()
    {
        _plain.Dispose();
        _mirrored?.Dispose();
    }

    private static ImageDataset Unmirrored(ImageDataset dataset, double flipProbability) =>
        new(dataset.Source, dataset.Transform with { FlipProbability = flipProbability }, dataset.Seed, cacheBytes: 0);

    private static Tensor Encode(FirstStage firstStage, ImageDataset dataset, Action<int> report)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        List<Tensor> parts = [];
        foreach (var indices in Enumerable.Range(0, dataset.Count).Chunk(EncodeBatch))
        {
            using var batchScope = NewDisposeScope();
            var size = dataset.Transform.Size;
            var pixels = new float[indices.Length * 3 * size * size];
            Parallel.For(
                0,
                indices.Length,
                i =>
                    PixelRange.ToFloats(
                        dataset.Get(epoch: 0, indices[i]).Pixels,
                        pixels.AsSpan(i * 3 * size * size, 3 * size * size)
                    )
            );
            var images = ImageTensors.FromPlanar(pixels, indices.Length, size, size);
            parts.Add(firstStage.Encode(images).MoveToOuterDisposeScope());
            report(indices[^1] + 1);
        }

        return cat(parts).DetachFromDisposeScope();
    }
}
