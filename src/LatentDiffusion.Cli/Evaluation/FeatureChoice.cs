using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Models.Features;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>The network that figures are measured with: the user's choice, or the one that ships.</summary>
internal static class FeatureChoice
{
    /// <summary>The option that names it.</summary>
    public const string OptionName = "--features";

    /// <summary>The folder under models of the one that ships.</summary>
    public const string ShippedName = "features";

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

    /// <summary>Where the network is; null when none was chosen and none ships.</summary>
    /// <param name="path">The user's choice, or null.</param>
    /// <exception cref="UserInputException">There is nothing at the path.</exception>
    public static string? Find(string? path) => Given(OptionName, path) ?? ShippedModels.Find(ShippedName);

    /// <summary>A path that the user gave, checked.</summary>
    /// <param name="option">The option.</param>
    /// <param name="path">Its value, or null.</param>
    /// <exception cref="UserInputException">There is nothing at the path.</exception>
    public static string? Given(string option, string? path) =>
        path is null || Path.Exists(path)
            ? path
            : throw new UserInputException($"{option} {path}: there is no such file or folder.");
}
