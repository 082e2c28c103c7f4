using LatentDiffusion.Models.Features;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>What compares images as networks see them, with the networks.</summary>
internal sealed class PerceptualChoice : IDisposable
{
    private readonly IDisposable[] _networks;

    private PerceptualChoice(PerceptualMeasures? measures, params IDisposable[] networks) =>
        (Measures, _networks) = (measures, networks);

    /// <summary>No networks.</summary>
    public static PerceptualChoice None { get; } = new(null);

    /// <summary>What measures; null without networks.</summary>
    public PerceptualMeasures? Measures { get; }

    /// <summary>Loads networks.</summary>
    /// <param name="features">The network of the Frechet distance.</param>
    /// <param name="lpips">The network of LPIPS and PSIM, which may be the same.</param>
    /// <param name="heads">LPIPS' weights for it; null for those in its file, if there are any.</param>
    /// <exception cref="Errors.UserInputException">A file holds no such network, or another's weights.</exception>
    public static PerceptualChoice Load(string features, string lpips, string? heads)
    {
        var distance = FeatureNetworkFile.LoadDistance(lpips, heads);
        try
        {
            // Nothing is loaded twice.
            var network = IsSame(features, lpips) ? null : FeatureNetworkFile.Load(features);
            var measures = new PerceptualMeasures(
                network ?? distance.Network,
                distance.HasHeads ? distance.Between : null,
                distance.BetweenUnweighted
            )
            {
                Compared = distance.Network,
            };
            return network is null
                ? new PerceptualChoice(measures, distance)
                : new PerceptualChoice(measures, distance, network);
        }
        catch
        {
            distance.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var network in _networks)
        {
            network.Dispose();
        }
    }

    private static bool IsSame(string one, string other) =>
        string.Equals(Place(one), Place(other), StringComparison.Ordinal);

    private static string Place(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
