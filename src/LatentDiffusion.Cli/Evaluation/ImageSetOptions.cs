using System.CommandLine;
using LatentDiffusion.Cli.Commands;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>The options of every verb that compares samples with real images.</summary>
internal sealed class ImageSetOptions
{
    public ImageSourceOptions Real { get; } = new("--real", "Real images");

    public Option<string?> Features { get; } =
        new("--features")
        {
            Description = "Network that the distances are measured with (default: models/features)",
            HelpName = "PATH",
        };

    public void AddTo(Verb verb)
    {
        Real.AddTo(verb);
        verb.Options.Add(Features);
    }
}
