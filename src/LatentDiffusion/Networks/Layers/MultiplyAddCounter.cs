namespace LatentDiffusion.Networks.Layers;

/// <summary>Counts the multiply-adds of convolutions, linear layers and attention while something runs.</summary>
/// <remarks>
/// The layers report what their shapes say, whichever code computes them; a Winograd convolution counts like a direct one.
/// </remarks>
public sealed class MultiplyAddCounter
{
    [ThreadStatic]
    private static MultiplyAddCounter? _current;

    private long _total;

    private MultiplyAddCounter() { }

    /// <summary>Runs <paramref name="work"/> on this thread and returns its multiply-adds; 1 multiply-add is 2 FLOP.</summary>
    public static long Count(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        var previous = _current;
        var counter = new MultiplyAddCounter();
        _current = counter;
        try
        {
            work();
        }
        finally
        {
            _current = previous;
        }

        return counter._total;
    }

    /// <summary>Reports multiply-adds, if anybody counts.</summary>
    internal static void Add(long multiplyAdds)
    {
        if (_current is { } counter)
        {
            counter._total += multiplyAdds;
        }
    }
}
