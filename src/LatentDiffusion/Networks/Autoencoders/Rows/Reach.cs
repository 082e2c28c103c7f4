namespace LatentDiffusion.Networks.Autoencoders.Rows;

/// <summary>
/// Which rows of a layer's input are needed for some rows of its result. A layer that gets only these rows sees zeros beyond
/// them, as it does at the map's edge; what that spoils lies outside of the wanted rows.
/// </summary>
internal abstract class Reach
{
    /// <summary>The reach of <see cref="Upsample"/>.</summary>
    public static Reach Doubling { get; } = new Enlarged();

    /// <summary>The reach of <see cref="Downsample"/>, which looks down and to the right only.</summary>
    public static Reach Halving { get; } = new Reduced();

    /// <summary>The reach of convolutions that keep the size.</summary>
    /// <param name="margin">Rows on either side: half of the kernels' sides in all.</param>
    public static Reach Around(long margin) => new Neighbours(margin);

    /// <summary>The rows of an input of that height that rows <paramref name="first"/> to <paramref name="end"/> - 1 need.</summary>
    public abstract (long From, long To) Input(long first, long end, long height);

    /// <summary>A size or a position in the input as one in the result.</summary>
    public abstract long Scale(long input);

    private sealed class Neighbours(long margin) : Reach
    {
        public override (long From, long To) Input(long first, long end, long height) =>
            (Math.Max(0, first - margin), Math.Min(height, end + margin));

        public override long Scale(long input) => input;
    }

    private sealed class Enlarged : Reach
    {
        // The first and the last row of the enlarged input are there for their neighbours' sake.
        public override (long From, long To) Input(long first, long end, long height) =>
            (Math.Max(0, first - 1) / 2, Math.Min(height, end / 2 + 1));

        public override long Scale(long input) => 2 * input;
    }

    private sealed class Reduced : Reach
    {
        public override (long From, long To) Input(long first, long end, long height) =>
            (2 * first, Math.Min(height, 2 * end + 1));

        public override long Scale(long input) => input / 2;
    }
}
