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
    private readonly ImageDataset dataset;
    private readonly int batchSize;
    private readonly int ahead;
    private readonly EpochOrder order;
    private readonly Thread[] workers;

    // Guards everything below and the order; pulsed when any of it changes.
    private readonly object gate = new();
    private readonly Dictionary<long, Finished> finished = [];
    private long claimed;
    private long handedOut;
    private bool disposed;

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
        this.dataset = dataset;
        this.batchSize = batchSize;
        ahead = workers + 1;
        order = new EpochOrder(dataset.Count, dataset.Seed, firstSample);
        this.workers = new Thread[workers];
        for (var i = 0; i < workers; i++)
        {
            this.workers[i] = new Thread(Work) { IsBackground = true, Name = $"image loader {i}" };
            this.workers[i].Start();
        }
    }

    /// <summary>The next batch; waits for it if need be.</summary>
    /// <exception cref="LatentDiffusion.Errors.UserInputException">
    /// An image of the batch cannot be loaded. Asking again gives the same exception.
    /// </exception>
    public ImageBatch Next()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (workers.Length == 0 && finished.Count == 0)
            {
                finished[handedOut] = Load(Claim());
            }

            Finished? batch;
            while (!finished.TryGetValue(handedOut, out batch))
            {
                Monitor.Wait(gate);
                ObjectDisposedException.ThrowIf(disposed, this);
            }

            var taken = batch.Take();
            finished.Remove(handedOut++);
            Monitor.PulseAll(gate);
            return taken;
        }
    }

    /// <summary>Stops the threads; a batch that is being loaded is given up after its current image.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            finished.Clear();
            Monitor.PulseAll(gate);
        }

        foreach (var worker in workers)
        {
            worker.Join();
        }
    }

    private void Work()
    {
        while (true)
        {
            Claimed claim;
            lock (gate)
            {
                while (!disposed && claimed >= handedOut + ahead)
                {
                    Monitor.Wait(gate);
                }

                if (disposed)
                {
                    return;
                }

                claim = Claim();
            }

            var batch = Load(claim);
            lock (gate)
            {
                finished[claim.Number] = batch;
                Monitor.PulseAll(gate);
            }
        }
    }

    private Claimed Claim()
    {
        var firstSample = order.NextSample;
        var samples = new (long Epoch, int Index)[batchSize];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = order.Next();
        }

        return new Claimed(claimed++, firstSample, samples);
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
        var size = dataset.Transform.Size;
        var batch = new ImageBatch(
            new float[3 * size * size * batchSize],
            size,
            new int[batchSize],
            new string[batchSize],
            new int[batchSize],
            claim.FirstSample
        );
        for (var i = 0; i < batchSize; i++)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref disposed), this);
            var (epoch, index) = claim.Samples[i];
            var sample = dataset.Get(epoch, index);
            PixelRange.ToFloats(sample.Pixels, batch.Pixels.AsSpan(i * sample.Pixels.Length, sample.Pixels.Length));
            batch.ClassIds[i] = sample.Record.ClassId ?? -1;
            batch.Captions[i] = sample.Record.Caption ?? "";
            batch.Indices[i] = index;
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
