using System.CommandLine;
using LatentDiffusion.Data.Preparation;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm data prepare photos</c>: large pictures to a training set of squares.</summary>
internal sealed class PreparePhotosVerb : Verb
{
    private readonly Option<string[]> _from = new("--from")
    {
        Description = "Folders of pictures, with sub-folders; repeats and small ones are passed over",
        HelpName = "DIR",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The folder to create, with train and validation in it",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<int> _size = new("--size")
    {
        Description = "Width and height of the squares in pixels",
        HelpName = "N",
        DefaultValueFactory = _ => 256,
    };

    public PreparePhotosVerb()
        : base(
            "photos",
            "Cut large pictures into squares to train on",
            "ldm data prepare photos --from /usr/share/wallpapers /usr/share/backgrounds --out out/data/photos"
        )
    {
        Options.Add(_from);
        Options.Add(_out);
        Options.Add(_size);
        Positive.Require(_size);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var output = Path.GetFullPath(context.Arguments.GetRequiredValue(_out));
        using var progress = context.Output.StartProgress();
        var result = new PhotoPreparation { Size = context.Arguments.GetValue(_size) }.Run(
            context.Arguments.GetRequiredValue(_from),
            output,
            progress,
            cancellation
        );
        progress.Dispose();
        context.Output.Result(
            new
            {
                Folder = output,
                result.Photos,
                result.Training,
                result.Validation,
                result.Repeats,
                result.Small,
                result.Flat,
            },
            r =>
                $"{r.Training} squares for training and {r.Validation} for validation, of {r.Photos} pictures "
                + $"({r.Repeats} repeats, {r.Small} too small or no pictures, {r.Flat} empty squares left out): {r.Folder}"
        );
        return Task.FromResult(ExitCode.Done);
    }
}
