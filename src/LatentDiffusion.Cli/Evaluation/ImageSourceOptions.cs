using System.CommandLine;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Data;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>The options that name images to measure with, the same for every verb that reads some.</summary>
/// <param name="name">The option of the path, such as <c>--images</c>.</param>
/// <param name="what">What its images are, as a sentence begins.</param>
/// <param name="required">Whether it must be given.</param>
internal sealed class ImageSourceOptions(string name = "--images", string what = "Images", bool required = true)
{
    public Option<string?> Path { get; } =
        new(name)
        {
            Description = $"{what}: a folder, a .parquet file, a .zip of image files or an .npz of pixels",
            HelpName = "PATH",
            Required = required,
        };

    public Option<string?> Where { get; } =
        new("--where")
        {
            Description = "Take only images whose column has this value, such as split=test; join several by &",
            HelpName = "COLUMN=VALUE",
        };

    public void AddTo(Verb verb)
    {
        verb.Options.Add(Path);
        verb.Options.Add(Where);
    }

    /// <summary>Opens the images, whose path was given.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="classColumn">The column with their classes, or null.</param>
    public IImageSource Open(ParseResult arguments, string? classColumn = null) =>
        ImageSources.Open(
            arguments.GetRequiredValue(Path)!,
            new SourceColumns
            {
                Class = classColumn,
                Filter = arguments.GetValue(Where) is { } filter ? RowFilter.Parse(filter) : null,
            }
        );
}
