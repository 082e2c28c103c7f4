using System.CommandLine;
using LatentDiffusion.Models;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm models export</c>: a file to give away of what a run wrote.</summary>
internal sealed class ExportModelVerb : Verb
{
    private readonly Argument<string> _run = new("run") { Description = "Run folder" };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The model's folder",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<string?> _dtype = new("--dtype")
    {
        Description = "What weights are stored as (default: f32); they are computed with in 32 bits either way",
        HelpName = "f32|f16|bf16",
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
        Options.Add(_dtype);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var storage = ConvertVerb.DtypeOf(context.Arguments.GetValue(_dtype));
        context.OpenCpu();
        var path = ModelExport.Write(
            context.Arguments.GetRequiredValue(_run),
            context.Arguments.GetRequiredValue(_out),
            storage
        );
        context.Output.Result(
            new { Model = Path.GetFullPath(path), Bytes = new FileInfo(path).Length },
            r => FormattableString.Invariant($"{r.Bytes / 1e6:f1} MB: {r.Model}")
        );
        return Task.FromResult(ExitCode.Done);
    }
}
