using System.CommandLine;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Demo;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Commands;

/// <summary>
/// <c>ldm demo</c>: one picture of each kind from the models that ship; with <c>--train</c> both stages are trained on the emoji
/// that ship instead.
/// </summary>
internal sealed class DemoVerb : Verb
{
    private const double UsualMinutes = 10;

    private readonly Option<string?> _out = new("--out")
    {
        Description =
            "Folder for pictures and page, and for runs with --train, where a finished demo is trained further "
            + "(default: out/demo, out/demo-train)",
        HelpName = "DIR",
    };

    private readonly Option<bool> _train = new("--train")
    {
        Description = "Train an autoencoder and a diffusion model on emoji first, and show what came of it",
    };

    private readonly Option<double?> _minutes = new("--minutes")
    {
        Description = $"With --train: training time of both stages together (default: {UsualMinutes})",
        HelpName = "M",
    };

    public DemoVerb()
        : base(
            "demo",
            "Show one picture of each kind from the models that ship, with no set-up",
            "ldm demo --train --minutes 10"
        )
    {
        Options.Add(_out);
        Options.Add(_train);
        Options.Add(_minutes);
        Positive.Require(_minutes);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var minutes = context.Arguments.GetValue(_minutes);
        if (context.Arguments.GetValue(_train))
        {
            return Train(context, TimeSpan.FromMinutes(minutes ?? UsualMinutes), cancellation);
        }

        return minutes is null
            ? ShowAsync(context, cancellation)
            : throw new UserInputException("--minutes is how long to train: it goes with --train.");
    }

    private async Task<int> ShowAsync(VerbContext context, CancellationToken cancellation)
    {
        var folder = Path.GetFullPath(context.Arguments.GetValue(_out) ?? Path.Combine("out", "demo"));
        OutputFolder.Create(folder);
        using var progress = context.Output.StartProgress();
        var gallery = new Gallery(folder, context.Seed ?? 0, context.Threads);
        var result = await gallery.DrawAsync(progress, cancellation);
        progress.Dispose();
        foreach (var model in result.Missing)
        {
            context.Output.Log($"The model {model} is not installed: what it draws is left out.");
        }

        context.Output.Result(result, r => $"{r.Drawings.Count} kinds of pictures. Look at {r.Page}");
        return ExitCode.Done;
    }

    private Task<int> Train(VerbContext context, TimeSpan time, CancellationToken cancellation)
    {
        context.OpenCpu();
        var folder = Path.GetFullPath(context.Arguments.GetValue(_out) ?? Path.Combine("out", "demo-train"));
        var demo = new TrainingDemo(folder, time, context.Seed);
        using var progress = context.Output.StartProgress();
        var result = demo.Execute(context.Output.Log, progress, cancellation);
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
