using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// Spatial features of a network that has no published definition of them: of the middle one of its stages (of two, the
/// finer), the first 32 channels, averaged over the cells of a 4x4 grid. That is at most 512 numbers, so that a few thousand
/// images determine their covariance.
/// </summary>
/// <remarks>Learned channels have no order; Nash et al. (2021) too take the first ones of a map.</remarks>
internal static class SpatialGrid
{
    private const int Side = 4;
    private const int MostChannels = 32;

    /// <summary>How many numbers they are.</summary>
    /// <param name="stageChannels">See <see cref="IFeatureNetwork.StageChannels"/>.</param>
    public static int SizeFor(IReadOnlyList<int> stageChannels) =>
        Side * Side * Math.Min(MostChannels, stageChannels[Middle(stageChannels.Count)]);

    /// <summary>The features of a network's maps.</summary>
    /// <param name="stages">See <see cref="IFeatureNetwork.Stages"/>; borrowed.</param>
    /// <returns>[B, size].</returns>
    public static Tensor Of(IReadOnlyList<Tensor> stages)
    {
        using var scope = NewDisposeScope();
        var map = stages[Middle(stages.Count)];
        var channels = map.narrow(1, 0, Math.Min(MostChannels, map.shape[1])).contiguous();
        return nn.functional.adaptive_avg_pool2d(channels, [Side, Side]).flatten(1).MoveToOuterDisposeScope();
    }

    private static int Middle(int stages) => (stages - 1) / 2;
}
