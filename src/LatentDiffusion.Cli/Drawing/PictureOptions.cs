using System.CommandLine;
using LatentDiffusion.Checkpoints.Files;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>The options that say where pictures go.</summary>
internal sealed class PictureOptions
{
    private readonly Option<string> _out = new("--out")
    {
        Description = "Folder for the images",
        HelpName = "DIR",
        DefaultValueFactory = _ => Path.Combine("out", "samples"),
    };

    private readonly Option<string?> _grid = new("--grid")
    {
        Description = "Also write all images as one sheet: this file, or grid.png in the folder",
        HelpName = "FILE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _noMetadata = new("--no-metadata")
    {
        Description = "Do not write into the images how they were drawn: prompt, settings, paths of model and image",
    };

    public IReadOnlyList<Option> All => [_out, _grid, _noMetadata];

    /// <summary>Whether the images are to tell how they were drawn.</summary>
    public bool WithMetadata(ParseResult arguments) => !arguments.GetValue(_noMetadata);

    /// <summary>Makes the folders, before the long part that a wrong name would waste.</summary>
    /// <returns>The folder, and the sheet's file or null.</returns>
    /// <exception cref="Errors.UserInputException">A folder cannot be made.</exception>
    public (string Folder, string? Grid) CreateFolders(ParseResult arguments)
    {
        var folder = arguments.GetRequiredValue(_out);
        OutputFolder.Create(folder);
        if (arguments.GetResult(_grid) is null)
        {
            return (folder, null);
        }

        var grid = arguments.GetValue(_grid) ?? Path.Combine(folder, "grid.png");
        OutputFolder.CreateFor(grid);
        return (folder, grid);
    }
}
