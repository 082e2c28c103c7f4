namespace LatentDiffusion.Pipelines;

/// <summary>
/// Chooses what to keep of a stream, as <see cref="EvenlySpaced"/> does of a list: the same places, told as the stream
/// comes.
/// </summary>
/// <param name="expected">How many will come; none of those that come after them are kept.</param>
/// <param name="most">How many to keep, at most.</param>
internal sealed class EvenlyKept(int expected, int most)
{
    private readonly int _wanted = Math.Min(expected, most);
    private int _seen;
    private int _kept;

    /// <summary>Goes on with the stream.</summary>
    /// <param name="count">How many come now.</param>
    /// <returns>Which of these to keep, counted from 0 and ascending.</returns>
    public long[] Next(int count)
    {
        List<long> chosen = [];
        while (_kept < _wanted && (long)_kept * expected / _wanted is var place && place < _seen + count)
        {
            chosen.Add(place - _seen);
            _kept++;
        }

        _seen += count;
        return [.. chosen];
    }
}
