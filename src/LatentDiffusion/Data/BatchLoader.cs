using System.Runtime.ExceptionServices;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data;

/// <summary>
/// Hands out shuffled batches without end. Every batch is full: one that an epoch cannot fill is filled from the next.
/// Threads of its own read ahead; how many there are changes nothing about the batches. A loader that starts at sample n
/// continues exactly where one that began at 0 would be, which is how a run is resumed.
/// </summary>
public sealed class BatchLoader : IDisposable
{
    private readonly ImageDataset _dataset;
    private readonly int _batchSize;
    private readonly int _ahead;
    private readonly EpochOrder _order;
    private readonly Thread[] _workers;

    // Guards everything below and the order; pulsed when any of it changes.
    private readonly object _gate = new();
    private readonly Dictionary<long, Finished> _finished = [];
    private long _claimed;
    private long _handedOut;
    private bool _disposed;

    /// <summary>Starts loading.</summary>
    /// <param name="dataset">The images; its seed also shuffles them.</param>
    /// <param name="batchSize">Images per batch; may exceed the number of images.</param>
    /// <param name="workers">Threads that load ahead; with 0, <see cref="Next"/> does the work itself.</param>
    /// <param name="firstSample">Number of samples that were used before.</param>
    public BatchLoader(ImageDataset dataset, int batchSize, int workers = 2, long firstSample = 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        ArgumentOutOfRangeException.ThrowIfNegative(firstSample);
        _dataset = dataset;
        _batchSize = batchSize;
        _ahead = workers + 1;
        _order = new EpochOrder(dataset.Count, dataset.Seed, firstSample);
        _workers = new Thread[workers];
        for (var i = 0; i < workers; i++)
        {
            _workers[i] = new Thread(Work) { IsBackground = true, Name = $"image loader {i}" };
            _workers[i].Start();
        }
    }

    /// <summary>The next batch; waits for it if need be.</summary>
    /// <exception cref="LatentDiffusion.Errors.UserInputException">
    /// An image of the batch cannot be loaded. Asking again gives the same exception.
    /// </exception>
    public ImageBatch Next()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_workers.Length == 0 && _finished.Count == 0)
            {
                _finished[_handedOut] = Load(Claim());
            }

            Finished? batch;
            while (!_finished.TryGetValue(_handedOut, out batch))
            {
                Monitor.Wait(_gate);
                ObjectDisposedException.ThrowIf(_disposed, this);
            }

            var taken = batch.Take();
            _finished.Remove(_handedOut++);
            Monitor.PulseAll(_gate);
            return taken;
        }
    }

    /// <summary>Stops the threads; a batch that is being loaded is given up after its current image.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _finished.Clear();
            Monitor.PulseAll(_gate);
        }

        foreach (var worker in _workers)
        {
            worker.Join();
        }
    }

    private void Work()
    {
        while (true)
        {
            Claimed claim;
            lock (_gate)
            {
                while (!_disposed && _claimed >= _handedOut + _ahead)
                {
                    Monitor.Wait(_gate);
                }

                if (_disposed)
                {
                    return;
                }

                claim = Claim();
            }

            var batch = Load(claim);
            lock (_gate)
            {
                _finished[claim.Number] = batch;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private Claimed Claim()
    {
        var firstSample = _order.NextSample;
        var samples = new (long Epoch, int Index)[_batchSize];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = _order.Next();
        }

        return new Claimed(_claimed++, firstSample, samples);
    }

    private Finished Load(Claimed claim)
    {
        try
        {
            return new Finished(Build(claim), null);
        }
        catch (Exception e)
        {
            // Whatever it is, it belongs to the thread that asks for this batch.
            return new Finished(null, ExceptionDispatchInfo.Capture(e));
        }
    }

    private ImageBatch Build(Claimed claim)
    {
        var size = _dataset.Size;
        var batch = new ImageBatch(
            new float[3 * size * size * _batchSize],
            size,
            new int[_batchSize],
            new string[_batchSize],
            new int[_batchSize],
            claim.FirstSample
        );
        for (var i = 0; i < _batchSize; i++)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
            var (epoch, index) = claim.Samples[i];
            var sample = _dataset.Get(epoch, index);
            PixelRange.ToFloats(sample.Pixels, batch.Pixels.AsSpan(i * sample.Pixels.Length, sample.Pixels.Length));
            batch.ClassIds[i] = sample.Record.ClassId ?? -1;
            batch.Captions[i] = sample.Record.Caption ?? "";
            batch.Indices[i] = index;
            batch.Annotations[i] = sample.Annotations;
        }

        return batch;
    }

    private sealed record Claimed(long Number, long FirstSample, (long Epoch, int Index)[] Samples);

    private sealed record Finished(ImageBatch? Batch, ExceptionDispatchInfo? Failure)
    {
        public ImageBatch Take()
        {
            Failure?.Throw();
            return Batch!;
        }
    }
}
