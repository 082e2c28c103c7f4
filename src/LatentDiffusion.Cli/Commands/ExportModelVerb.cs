using System.CommandLine;
using LatentDiffusion.Models;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm models export</c>: a file to give away of what a run wrote.</summary>
internal sealed class ExportModelVerb : Verb
{
    private readonly Argument<string> _run = new("run")
    {
        Description = "Run folder of an autoencoder or a classifier",
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The model's folder",
        HelpName = "DIR",
        Required = true,
    };

    public ExportModelVerb()
        : base(
            "export",
            "Write a trained model to give away: final weights, no folders of this machine",
            "ldm models export runs/autoencoder --out models/my-autoencoder"
        )
    {
        Arguments.Add(_run);
        Options.Add(_out);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        context.OpenCpu();
        var path = ModelExport.Write(
            context.Arguments.GetRequiredValue(_run),
            context.Arguments.GetRequiredValue(_out)
        );
        context.Output.Result(
            new { Model = Path.GetFullPath(path), Bytes = new FileInfo(path).Length },
            r => FormattableString.Invariant($"{r.Bytes / 1e6:f1} MB: {r.Model}")
        );
        return Task.FromResult(ExitCode.Done);
    }
}
