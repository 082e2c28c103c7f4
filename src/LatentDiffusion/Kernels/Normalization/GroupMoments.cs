namespace LatentDiffusion.Kernels.Normalization;

/// <summary>Mean and variance of every group of channels of channels-last maps, in one pass over memory.</summary>
internal static unsafe class GroupMoments<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Measures.</summary>
    /// <param name="shape">Sizes; channels are a multiple of the register width.</param>
    /// <param name="x">[B, pixels, C].</param>
    /// <param name="mean">[B, groups], written.</param>
    /// <param name="variance">[B, groups], written: of the population, not negative.</param>
    public static void Measure(NormalizationShape shape, float* x, double* mean, double* variance)
    {
        var (channels, strips) = (shape.Channels, shape.Strips);
        using var scratch = new Scratch((nint)shape.Batch * strips * 2 * channels);
        var sums = scratch.Data;
        ThreadTeam.ForEach(
            shape.Batch * strips,
            (task, _) =>
            {
                var (image, first, end) = shape.Place(task);
                var start = x + (nint)image * shape.Pixels * channels;
                ChannelSums<TLanes, TVector>.Moments(
                    start + (nint)first * channels,
                    end - first,
                    channels,
                    start,
                    sums + (nint)task * 2 * channels
                );
            }
        );
        for (var image = 0; image < shape.Batch; image++)
        {
            var from = image * shape.Groups;
            Combine(shape, x, sums, image, mean + from, variance + from);
        }
    }

    // Sums of shifted values to mean and variance of a group, in double precision.
    private static void Combine(
        NormalizationShape shape,
        float* x,
        float* sums,
        int image,
        double* mean,
        double* variance
    )
    {
        var channels = shape.Channels;
        var shift = x + (nint)image * shape.Pixels * channels;
        var count = (double)shape.Pixels * shape.GroupSize;
        for (var group = 0; group < shape.Groups; group++)
        {
            var reference = (double)shift[group * shape.GroupSize];
            double total = 0;
            double squares = 0;
            for (var i = 0; i < shape.GroupSize; i++)
            {
                var c = group * shape.GroupSize + i;
                var (sum, square) = ChannelSums<TLanes, TVector>.Total(sums, image, shape, c);

                // From the channel's own shift to the group's.
                var distance = shift[c] - reference;
                total += sum + shape.Pixels * distance;
                squares += square + 2 * distance * sum + shape.Pixels * distance * distance;
            }

            var average = total / count;
            mean[group] = reference + average;
            variance[group] = Math.Max(0, squares / count - average * average);
        }
    }
}
