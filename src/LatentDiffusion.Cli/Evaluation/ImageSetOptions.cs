using System.CommandLine;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Data;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>The options that name real images, the same for every verb that compares samples with them.</summary>
internal sealed class ImageSetOptions
{
    public Option<string> Real { get; } =
        new("--real")
        {
            Description = "Real images: a folder, a .parquet file, a .zip of image files or an .npz of pixels",
            HelpName = "PATH",
            Required = true,
        };

    public Option<string?> Where { get; } =
        new("--where")
        {
            Description = "Take only real images whose column has this value, such as split=test; join several by &",
            HelpName = "COLUMN=VALUE",
        };

    public Option<string?> Features { get; } =
        new("--features")
        {
            Description = "Network that the distances are measured with (default: models/features)",
            HelpName = "PATH",
        };

    public void AddTo(Verb verb)
    {
        foreach (var option in new Option[] { Real, Where, Features })
        {
            verb.Options.Add(option);
        }
    }

    /// <summary>Opens the real images.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="classColumn">The column with their classes, or null.</param>
    public IImageSource OpenReal(ParseResult arguments, string? classColumn = null) =>
        ImageSources.Open(
            arguments.GetRequiredValue(Real),
            new SourceColumns
            {
                Class = classColumn,
                Filter = arguments.GetValue(Where) is { } filter ? RowFilter.Parse(filter) : null,
            }
        );
}
