using System.CommandLine;
using System.Globalization;
using LatentDiffusion.Data.Preparation.DeepSky;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm data prepare deepsky</c>: Stellarium's photographs of the sky to a training set with classes.</summary>
internal sealed class PrepareDeepSkyVerb : Verb
{
    private readonly Option<string> _from = new("--from")
    {
        Description = "Stellarium's data folder, of the package stellarium-data",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The folder to create, with train and validation in it and a sub-folder for each class",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<int> _size = new("--size")
    {
        Description = "Width and height of the pictures in pixels",
        HelpName = "N",
        DefaultValueFactory = _ => 64,
    };

    public PrepareDeepSkyVerb()
        : base(
            "deepsky",
            "Make a set of galaxies, clusters and nebulae of Stellarium's photographs",
            "ldm data prepare deepsky --from /usr/share/stellarium --out out/data/deepsky"
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
        var result = new DeepSkyPreparation { Size = context.Arguments.GetValue(_size) }.Run(
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
                Classes = result.Classes.Select(c => new { Name = c.Key, Pictures = c.Value }),
                result.Training,
                result.Validation,
                result.Unknown,
                result.OtherKinds,
                result.Small,
            },
            r =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{r.Training} pictures for training and {r.Validation} for validation: "
                        + $"{string.Join(", ", r.Classes.Select(c => $"{c.Name} {c.Pictures}"))} "
                        + $"({r.Unknown} of no known type, {r.OtherKinds} of other types, {r.Small} too small left out): {r.Folder}"
                )
        );
        return Task.FromResult(ExitCode.Done);
    }
}
