using System.CommandLine;
using LatentDiffusion.Data.Composition;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm data compose</c>: cut-outs on photographs, with exact boxes, label maps and captions.</summary>
internal sealed class ComposeVerb : Verb
{
    private const string Stamps = "/usr/share/tuxpaint/stamps";

    private static readonly SceneSettings Defaults = new();

    private readonly Option<string[]> _cutouts = new("--cutouts")
    {
        Description =
            "Folders or parquet files of pictures on a transparent ground (default: the emoji that ship, and Tux Paint's "
            + "stamps where they are installed)",
        HelpName = "DIR",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> _photos = new("--photos")
    {
        Description = "Folders of photographs to place them on, with sub-folders",
        HelpName = "DIR",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The folder to create",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<int> _count = new("--count")
    {
        Description = "Number of scenes",
        HelpName = "N",
        DefaultValueFactory = _ => 1000,
    };

    private readonly Option<int> _size = new("--size")
    {
        Description = "Width and height of a scene in pixels, such as 64 or 128",
        HelpName = "N",
        DefaultValueFactory = _ => Defaults.Size,
    };

    private readonly Option<int> _minObjects = new("--min-objects")
    {
        Description = "Fewest objects in a scene",
        HelpName = "N",
        DefaultValueFactory = _ => Defaults.MinObjects,
    };

    private readonly Option<int> _maxObjects = new("--max-objects")
    {
        Description = "Most objects in a scene",
        HelpName = "N",
        DefaultValueFactory = _ => Defaults.MaxObjects,
    };

    private readonly Option<double> _smallest = new("--smallest-object")
    {
        Description = "Longer side of the smallest objects, as a share of the scene's",
        HelpName = "SHARE",
        DefaultValueFactory = _ => Defaults.SmallestObject,
    };

    private readonly Option<double> _largest = new("--largest-object")
    {
        Description = "Longer side of the largest objects",
        HelpName = "SHARE",
        DefaultValueFactory = _ => Defaults.LargestObject,
    };

    public ComposeVerb()
        : base(
            "compose",
            "Place cut-outs on photographs: images with boxes, label maps and captions",
            "ldm data compose --photos /usr/share/wallpapers --out out/data/scenes --count 2000 --size 64 --seed 1"
        )
    {
        foreach (
            var option in new Option[]
            {
                _cutouts,
                _photos,
                _out,
                _count,
                _size,
                _minObjects,
                _maxObjects,
                _smallest,
                _largest,
            }
        )
        {
            Options.Add(option);
        }

        Positive.Require(_count);
        Positive.Require(_size);
        Positive.OrZero(_minObjects);
        Positive.Require(_maxObjects);
        Positive.UpToOne(_smallest);
        Positive.UpToOne(_largest);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var output = Path.GetFullPath(context.Arguments.GetRequiredValue(_out));
        var cutouts = context.Arguments.GetValue(_cutouts) is { Length: > 0 } given ? given : OwnCutouts();
        using var progress = context.Output.StartProgress();
        var settings = new SceneSettings
        {
            Size = context.Arguments.GetValue(_size),
            MinObjects = context.Arguments.GetValue(_minObjects),
            MaxObjects = context.Arguments.GetValue(_maxObjects),
            SmallestObject = context.Arguments.GetValue(_smallest),
            LargestObject = context.Arguments.GetValue(_largest),
        };
        var result = new SceneFolder { Settings = settings }.Write(
            cutouts,
            context.Arguments.GetRequiredValue(_photos),
            output,
            context.Arguments.GetValue(_count),
            context.Seed ?? 0,
            progress,
            cancellation
        );
        progress.Dispose();
        context.Output.Result(
            new
            {
                Folder = output,
                result.Scenes,
                result.Objects,
                result.Occluded,
                Classes = result.Classes.Zip(result.Cutouts, (name, count) => new { Name = name, Cutouts = count }),
            },
            r =>
                $"{r.Scenes} scenes with {r.Objects} objects ({r.Occluded} partly hidden), of the classes "
                + $"{string.Join(", ", r.Classes.Select(c => $"{c.Name} ({c.Cutouts} cut-outs)"))}: {r.Folder}"
        );
        return Task.FromResult(ExitCode.Done);
    }

    private static string[] OwnCutouts()
    {
        var emoji = Path.Combine(AppContext.BaseDirectory, "data", "emoji", "emoji64.parquet");
        string[] found =
        [
            .. File.Exists(emoji) ? [emoji] : (string[])[],
            .. Directory.Exists(Stamps) ? [Stamps] : (string[])[],
        ];
        return found.Length > 0
            ? found
            : throw new UserInputException("There are no cut-outs beside the program. Name some with --cutouts DIR.");
    }
}
