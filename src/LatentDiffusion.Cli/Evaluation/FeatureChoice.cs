using System.CommandLine;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Models.Features;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>The network that perceptual numbers are measured with: the user's choice, or the one that ships.</summary>
internal static class FeatureChoice
{
    private const string ShippedName = "features";

    /// <summary>The option <c>--features</c>.</summary>
    public static Option<string?> CreateOption() =>
        new("--features")
        {
            Description = $"Network for LPIPS, PSIM and rFID (default: models/{ShippedName}, if it is there)",
            HelpName = "PATH",
        };

    /// <summary>Loads the network; says so when there is none.</summary>
    /// <param name="context">Is told what is left out.</param>
    /// <param name="path">The user's choice, or null.</param>
    /// <returns>Null when there is no network; owned by the caller.</returns>
    /// <exception cref="UserInputException">There is nothing at the path, or no feature network.</exception>
    public static PerceptualMeasures? Open(VerbContext context, string? path)
    {
        if (Find(path) is { } found)
        {
            return Load(found);
        }

        context.Output.Log("No feature network: LPIPS, PSIM and rFID are left out (--features PATH names one).");
        return null;
    }

    /// <summary>Loads the network for a measurement that is nothing without one.</summary>
    /// <param name="path">The user's choice, or null.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="UserInputException">There is no network, or none at the path.</exception>
    public static IFeatureNetwork Require(string? path) =>
        Find(path) is { } found
            ? FeatureNetworkFile.Load(found)
            : throw new UserInputException(
                $"There is no feature network (models/{ShippedName} is not beside the program): name one with --features PATH."
            );

    private static string? Find(string? path) =>
        path is null || Path.Exists(path)
            ? path ?? ShippedModels.Find(ShippedName)
            : throw new UserInputException($"--features {path}: there is no such file or folder.");

    private static PerceptualMeasures Load(string path)
    {
        var distance = FeatureNetworkFile.LoadDistance(path);
        return new PerceptualMeasures(
            distance.Network,
            distance.Between,
            distance.HasHeads ? distance.BetweenUnweighted : distance.Between
        );
    }
}
