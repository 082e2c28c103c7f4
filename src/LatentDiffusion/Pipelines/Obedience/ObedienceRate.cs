namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>How often something was right.</summary>
/// <param name="Right">How often.</param>
/// <param name="Of">Of how many times.</param>
/// <param name="Chance">The share to expect of images that have nothing to do with their conditions.</param>
public sealed record ObedienceRate(int Right, int Of, double Chance)
{
    /// <summary>The share that was right.</summary>
    public double Share => (double)Right / Of;

    /// <summary>The standard error of the share.</summary>
    public double StandardError => Math.Sqrt(Share * (1 - Share) / Of);
}
