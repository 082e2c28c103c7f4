using System.CommandLine;
using LatentDiffusion.Cli.Commands;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>The options of all verbs that measure reconstructions.</summary>
internal sealed class ReconstructionOptions
{
    public Option<int?> Size { get; } =
        new("--size")
        {
            Description = "Side of the square images in pixels (default: the training size; folders: as they are)",
            HelpName = "N",
        };

    public Option<int?> Count { get; } =
        new("--count") { Description = "Images to use, evenly spaced over the folder (default: all)", HelpName = "N" };

    public Option<int> Show { get; } =
        new("--show")
        {
            Description = "Images on the sheet",
            HelpName = "N",
            DefaultValueFactory = _ => 16,
        };

    public Option<string?> Features { get; } = FeatureChoice.CreateOption();

    public void AddTo(Verb verb)
    {
        foreach (var option in new Option[] { Size, Count, Features, Show })
        {
            verb.Options.Add(option);
        }

        Positive.Require(Size);
        Positive.Require(Count);
        Positive.Require(Show);
    }
}
