using System.CommandLine;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>The options of verbs that compare images as networks see them.</summary>
internal sealed class PerceptualOptions
{
    private readonly Option<string?> _features = new(FeatureChoice.OptionName)
    {
        Description =
            "Network of the Frechet distance, and of LPIPS and PSIM without --lpips "
            + $"(default: models/{FeatureChoice.ShippedName}, if it is there)",
        HelpName = "PATH",
    };

    private readonly Option<string?> _lpips = new("--lpips")
    {
        Description = "Network of LPIPS and PSIM, such as torchvision's VGG16 (default: that of --features)",
        HelpName = "PATH",
    };

    private readonly Option<string?> _heads = new("--lpips-heads")
    {
        Description =
            "LPIPS' learned weights for its network (default: those in its file; without any, LPIPS is left out)",
        HelpName = "FILE",
    };

    public void AddTo(Verb verb)
    {
        foreach (var option in (Option[])[_features, _lpips, _heads])
        {
            verb.Options.Add(option);
        }
    }

    /// <summary>Loads the networks; says so when there is none, or no LPIPS.</summary>
    /// <param name="context">The command line; is told what is left out.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="UserInputException">There is nothing at a path, or something else.</exception>
    public PerceptualChoice Open(VerbContext context)
    {
        var features = FeatureChoice.Find(context.Arguments.GetValue(_features));
        var lpips = FeatureChoice.Given(_lpips.Name, context.Arguments.GetValue(_lpips));
        var heads = FeatureChoice.Given(_heads.Name, context.Arguments.GetValue(_heads));
        if ((features ?? lpips) is not { } network)
        {
            context.Output.Log("No feature network: LPIPS, PSIM and rFID are left out (--features PATH names one).");
            return heads is null
                ? PerceptualChoice.None
                : throw new UserInputException("--lpips-heads needs its network: name it with --lpips PATH.");
        }

        var choice = PerceptualChoice.Load(network, lpips ?? network, heads);
        if (choice.Measures is { Lpips: null, Compared.Name: var name })
        {
            context.Output.Log(
                $"PSIM is measured and LPIPS is not: {name} has no learned weights (see --lpips and --lpips-heads)."
            );
        }

        return choice;
    }
}
