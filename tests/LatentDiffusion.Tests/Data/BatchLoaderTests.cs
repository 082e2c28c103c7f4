using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class BatchLoaderTests
{
    private static readonly ImageTransform Transform = new(2) { Crop = CropPlace.Random, FlipProbability = 0.5 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void The_number_of_workers_changes_nothing(int workers)
    {
        var expected = Take(12, workers: 0);

        var actual = Take(12, workers);

        AssertSame(expected, actual);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 2)]
    [InlineData(7, 8)]
    public void A_resumed_loader_goes_on_where_it_stopped(int done, int workers)
    {
        var whole = Take(12, workers: 2);

        var rest = Take(12 - done, workers, firstSample: done * 4);

        AssertSame(whole[done..], rest);
    }

    [Fact]
    public void Every_epoch_is_a_permutation_of_its_own()
    {
        using var loader = new BatchLoader(Dataset(10), batchSize: 4);

        var indices = Enumerable.Range(0, 10).SelectMany(_ => loader.Next().Indices).ToArray();

        var epochs = indices.Chunk(10).ToArray();
        Assert.All(epochs, epoch => Assert.Equal(Enumerable.Range(0, 10), epoch.Order()));
        Assert.Equal(4, epochs.Select(epoch => string.Join(',', epoch)).Distinct().Count());
    }

    [Fact]
    public void Another_seed_shuffles_differently()
    {
        using var one = new BatchLoader(Dataset(50, seed: 1), batchSize: 50, workers: 0);
        using var two = new BatchLoader(Dataset(50, seed: 2), batchSize: 50, workers: 0);

        Assert.NotEqual(one.Next().Indices, two.Next().Indices);
    }

    // Of 6 orders each should come up about 100 times; the bounds are five standard deviations.
    [Fact]
    public void All_orders_are_about_equally_likely()
    {
        using var loader = new BatchLoader(Dataset(3), batchSize: 1800, workers: 0);

        var orders = loader.Next().Indices.Chunk(3).CountBy(epoch => string.Join(',', epoch)).ToDictionary();

        Assert.Equal(6, orders.Count);
        Assert.All(orders.Values, count => Assert.InRange(count, 55, 145));
    }

    [Fact]
    public void A_batch_may_be_larger_than_the_set()
    {
        using var loader = new BatchLoader(Dataset(3), batchSize: 8);

        var batch = loader.Next();

        Assert.Equal(8, batch.Count);
        Assert.Equal([0, 1, 2], batch.Indices[..3].Order());
        Assert.Equal([0, 1, 2], batch.Indices[3..6].Order());
    }

    [Fact]
    public void A_batch_holds_what_the_source_says_of_its_images()
    {
        using var loader = new BatchLoader(Dataset(10), batchSize: 4, firstSample: 4);

        var batch = loader.Next();

        Assert.Equal((4L, 2, 4 * 3 * 2 * 2), (batch.FirstSample, batch.Size, batch.Pixels.Length));
        for (var i = 0; i < 4; i++)
        {
            var index = batch.Indices[i];
            Assert.Equal(index % 3, batch.ClassIds[i]);
            Assert.Equal(index % 2 == 0 ? $"caption {index}" : "", batch.Captions[i]);
            Assert.All(batch.Pixels[(i * 12)..(i * 12 + 12)], v => Assert.Equal(PixelRange.ToFloat((byte)index), v));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void What_a_worker_throws_reaches_the_caller_at_its_batch(int workers)
    {
        var failure = new InvalidDataException("disk");
        var bad = Take(3, workers: 0)[2].Indices[1];
        var source = new MemorySource(10) { OnRead = index => _ = index == bad ? throw failure : 0 };
        using var loader = new BatchLoader(new ImageDataset(source, Transform, seed: 5), batchSize: 1, workers);
        using var order = new BatchLoader(Dataset(10), batchSize: 1, workers: 0);

        while (order.Next().Indices[0] != bad)
        {
            loader.Next();
        }

        Assert.Same(failure, Assert.Throws<InvalidDataException>(loader.Next));
        Assert.Same(failure, Assert.Throws<InvalidDataException>(loader.Next));
    }

    [Fact]
    public void Disposing_gives_up_unfinished_batches()
    {
        const int batchSize = 1_000_000;
        using var started = new ManualResetEventSlim();
        var source = new MemorySource(10) { OnRead = _ => started.Set() };
        var loader = new BatchLoader(new ImageDataset(source, Transform, seed: 5), batchSize, workers: 2);
        started.Wait(TestContext.Current.CancellationToken);

        loader.Dispose();

        var reads = source.Reads;
        Assert.InRange(reads, 1, batchSize - 1);
        Assert.Throws<ObjectDisposedException>(loader.Next);
        Assert.Equal(reads, source.Reads);
    }

    [Fact]
    public void Disposing_ends_a_wait_for_a_batch()
    {
        using var reading = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var source = new MemorySource(10)
        {
            OnRead = _ =>
            {
                reading.Set();
                goOn.Wait();
            },
        };
        var loader = new BatchLoader(new ImageDataset(source, Transform, seed: 5), batchSize: 4, workers: 1);
        reading.Wait(TestContext.Current.CancellationToken);
        Exception? seen = null;
        var consumer = new Thread(() => seen = Record.Exception(loader.Next));
        var disposer = new Thread(loader.Dispose);
        consumer.Start();
        disposer.Start();

        // The consumer is let go although the only worker still hangs in a read.
        consumer.Join();
        goOn.Set();
        disposer.Join();

        Assert.IsType<ObjectDisposedException>(seen);
    }

    [Fact]
    public void Workers_load_ahead_but_not_without_bound()
    {
        var source = new MemorySource(10);
        using (var loader = new BatchLoader(new ImageDataset(source, Transform, seed: 5), batchSize: 4, workers: 2))
        {
            loader.Next();
        }

        // One batch was taken, and two workers keep at most three ahead.
        Assert.InRange(source.Reads, 4, 16);
    }

    private static ImageDataset Dataset(int count, long seed = 5) =>
        new(new MemorySource(count, 3, 2), Transform, seed);

    // Batches of 4 from 10 images: most epochs end inside a batch.
    private static ImageBatch[] Take(int batches, int workers, long firstSample = 0)
    {
        using var loader = new BatchLoader(Dataset(10), batchSize: 4, workers, firstSample);
        return [.. Enumerable.Range(0, batches).Select(_ => loader.Next())];
    }

    private static void AssertSame(ImageBatch[] expected, ImageBatch[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (one, other) in expected.Zip(actual))
        {
            Assert.Equal(one.FirstSample, other.FirstSample);
            Assert.Equal(one.Indices, other.Indices);
            Assert.Equal(one.Pixels, other.Pixels);
            Assert.Equal(one.ClassIds, other.ClassIds);
            Assert.Equal(one.Captions, other.Captions);
        }
    }
}
