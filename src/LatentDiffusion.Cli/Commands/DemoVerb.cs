using System.CommandLine;
using LatentDiffusion.Cli.Demo;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm demo</c>: trains both stages on the emoji that ship, and shows what came of it.</summary>
internal sealed class DemoVerb : Verb
{
    private readonly Option<string> _out = new("--out")
    {
        Description = "Folder for runs and pictures; a finished demo there is trained further",
        HelpName = "DIR",
        DefaultValueFactory = _ => Path.Combine("out", "demo"),
    };

    private readonly Option<double> _minutes = new("--minutes")
    {
        Description = "Training time of both stages together",
        HelpName = "M",
        DefaultValueFactory = _ => 10,
    };

    public DemoVerb()
        : base("demo", "Train both stages on emoji and draw new ones, with no set-up", "ldm demo --minutes 10")
    {
        Options.Add(_out);
        Options.Add(_minutes);
        Positive.Require(_minutes);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        context.OpenCpu();
        var folder = Path.GetFullPath(context.Arguments.GetRequiredValue(_out));
        var run = new DemoRun(folder, TimeSpan.FromMinutes(context.Arguments.GetValue(_minutes)), context.Seed);
        using var progress = context.Output.StartProgress();
        var result = run.Execute(context.Output.Log, progress, cancellation);
        progress.Dispose();
        context.Output.Result(
            result,
            r =>
                $"Done: {r.AutoencoderSteps} autoencoder steps, {r.DiffusionSteps} diffusion steps, "
                + $"reconstruction PSNR {r.Psnr:f1} dB on held-out emoji. Look at {r.Page}"
        );
        return Task.FromResult(ExitCode.Done);
    }
}
