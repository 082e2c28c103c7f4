using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class ReadAheadTests
{
    [Fact]
    public void Items_come_in_order_and_never_too_many_wait()
    {
        var (loaded, taken, most) = (0, 0, 0);
        foreach (var item in ReadAhead.InOrder([.. Enumerable.Range(0, 200).Reverse()], Load, ahead: 5))
        {
            Assert.Equal(199 - taken, item);
            taken++;
        }

        Assert.Equal(200, taken);
        Assert.InRange(most, 1, 6);

        int Load(int index)
        {
            var waiting = Interlocked.Increment(ref loaded) - Volatile.Read(ref taken);
            InterlockedMax(ref most, waiting);
            return index;
        }
    }

    [Fact]
    public void A_failure_comes_in_its_place_as_it_is()
    {
        List<int> taken = [];
        var error = Assert.Throws<UserInputException>(() =>
        {
            foreach (var item in ReadAhead.InOrder([1, 2, 3, 4], Load, ahead: 3))
            {
                taken.Add(item);
            }
        });

        Assert.Equal("third", error.Message);
        Assert.Equal([1, 2], taken);

        static int Load(int index) => index == 3 ? throw new UserInputException("third") : index;
    }

    [Fact]
    public void Who_stops_early_waits_for_what_is_running()
    {
        var (running, finished) = (0, 0);
        using var started = new ManualResetEventSlim();
        using var released = new ManualResetEventSlim();
        // What was begun goes on until it is released, well after the first item was taken.
        using var timer = new Timer(
            _ => released.Set(),
            null,
            TimeSpan.FromMilliseconds(200),
            Timeout.InfiniteTimeSpan
        );

        _ = ReadAhead.InOrder([0, 1, 2], Load, ahead: 3).First();

        Assert.Equal(0, Volatile.Read(ref running));
        Assert.Equal(2, Volatile.Read(ref finished));

        int Load(int index)
        {
            if (index == 0)
            {
                started.Wait();
                return index;
            }

            Interlocked.Increment(ref running);
            started.Set();
            released.Wait();
            Interlocked.Decrement(ref running);
            Interlocked.Increment(ref finished);
            return index;
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value; )
        {
            seen =
                Interlocked.CompareExchange(ref target, value, seen) is var before && before == seen ? value : before;
        }
    }
}
