namespace LatentDiffusion.Data;

/// <summary>One of the eight ways in which a square lies upon itself: it is mirrored or not, and then turned.</summary>
/// <param name="IsMirrored">Whether left and right change places.</param>
/// <param name="QuarterTurns">Clockwise turns by 90 degrees, 0 to 3.</param>
public readonly record struct SquareSymmetry(bool IsMirrored, int QuarterTurns)
{
    /// <summary>Moves the values of squares.</summary>
    /// <param name="planes">[planes, size, size].</param>
    /// <param name="size">Side of the squares.</param>
    /// <returns>Moved values, in an array of their own.</returns>
    public byte[] Apply(ReadOnlySpan<byte> planes, int size)
    {
        var moved = new byte[planes.Length];
        if (QuarterTurns == 0)
        {
            planes.CopyTo(moved);
            for (var at = 0; IsMirrored && at < moved.Length; at += size)
            {
                moved.AsSpan(at, size).Reverse();
            }

            return moved;
        }

        var last = size - 1;
        for (var i = 0; i < moved.Length; i++)
        {
            var (row, x) = Math.DivRem(i, size);
            var (plane, y) = Math.DivRem(row, size);
            var (fromX, fromY) = QuarterTurns switch
            {
                1 => (y, last - x),
                2 => (last - x, last - y),
                _ => (last - y, x),
            };
            moved[i] = planes[(plane * size + fromY) * size + (IsMirrored ? last - fromX : fromX)];
        }

        return moved;
    }
}
