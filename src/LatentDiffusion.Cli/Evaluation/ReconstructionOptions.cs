using System.CommandLine;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>The options of all verbs that measure reconstructions.</summary>
internal sealed class ReconstructionOptions
{
    public Option<int?> Size { get; } =
        new("--size")
        {
            Description = "Make the images squares of this side, in pixels (default: as they are)",
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

    public Option<int> Tile { get; } =
        new("--tile")
        {
            Description = "Side of the tiles in which larger images are encoded and decoded, in pixels",
            HelpName = "N",
            DefaultValueFactory = _ => TiledFirstStage.DefaultTileSize,
        };

    public PerceptualOptions Perceptual { get; } = new();

    public void AddTo(Verb verb)
    {
        foreach (var option in new Option[] { Size, Count, Tile })
        {
            verb.Options.Add(option);
        }

        Perceptual.AddTo(verb);
        verb.Options.Add(Show);
        Positive.Require(Size);
        Positive.Require(Count);
        Positive.Require(Tile);
        Positive.Require(Show);
    }
}
