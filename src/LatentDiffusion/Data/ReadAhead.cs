namespace LatentDiffusion.Data;

/// <summary>Loads items on other threads ahead of the one that needs them.</summary>
public static class ReadAhead
{
    /// <summary>The loaded items, in the order of their indices.</summary>
    /// <param name="indices">Which items.</param>
    /// <param name="load">Loads one; called from several threads at once. What it throws, the enumeration throws in its place.</param>
    /// <param name="ahead">Most items that are loaded and not yet taken, at least 1.</param>
    public static IEnumerable<T> InOrder<T>(IReadOnlyList<int> indices, Func<int, T> load, int ahead)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(load);
        ArgumentOutOfRangeException.ThrowIfLessThan(ahead, 1);
        return Enumerate(indices, load, ahead);
    }

    private static IEnumerable<T> Enumerate<T>(IReadOnlyList<int> indices, Func<int, T> load, int ahead)
    {
        Queue<Task<T>> pending = [];
        try
        {
            for (var next = 0; next < indices.Count || pending.Count > 0; )
            {
                while (next < indices.Count && pending.Count < ahead)
                {
                    var index = indices[next++];
                    pending.Enqueue(Task.Run(() => load(index)));
                }

                yield return pending.Dequeue().GetAwaiter().GetResult();
            }
        }
        finally
        {
            // Nothing may go on reading once the caller believes this is over; what fails now, nobody asked for.
            Task.WhenAll(pending).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        }
    }
}
