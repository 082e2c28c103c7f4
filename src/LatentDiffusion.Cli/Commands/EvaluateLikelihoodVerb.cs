using System.CommandLine;
using LatentDiffusion.Cli.Evaluation;
using LatentDiffusion.Data;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm evaluate likelihood</c>: the variational bound of a diffusion model on a folder of images.</summary>
internal sealed class EvaluateLikelihoodVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Run folder, model folder or file" };

    private readonly ImageSourceOptions _images = new();

    private readonly Option<int?> _size = new("--size")
    {
        Description = "Make the images squares of this side, in pixels (default: the training size)",
        HelpName = "N",
    };

    private readonly Option<int?> _count = new("--count")
    {
        Description = "Images to use, evenly spaced over the folder (default: all)",
        HelpName = "N",
    };

    private readonly Option<int> _timesteps = new("--timesteps")
    {
        Description = "Evaluate one of every so many timesteps, drawn at random; it stands for all of them",
        HelpName = "EVERY",
        DefaultValueFactory = _ => 1,
    };

    public EvaluateLikelihoodVerb()
        : base(
            "likelihood",
            "Variational bound of a diffusion model in bits per dimension",
            "ldm evaluate likelihood runs/latent-diffusion --images photos --count 100 --timesteps 10"
        )
    {
        Arguments.Add(_model);
        _images.AddTo(this);
        foreach (var option in new Option[] { _size, _count, _timesteps })
        {
            Options.Add(option);
        }

        Positive.Require(_size);
        Positive.Require(_count);
        Positive.Require(_timesteps);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var path = arguments.GetRequiredValue(_model);
        var source = _images.Open(arguments);
        context.OpenCpu();
        using var model = ModelFile.LoadLatentDiffusion(path);
        var size = arguments.GetValue(_size) ?? model.Config.ImageSize;
        var request = new LikelihoodRequest
        {
            Count = arguments.GetValue(_count),
            Every = arguments.GetValue(_timesteps),
            Seed = context.Seed ?? 0,
        };
        using var progress = context.Output.StartProgress();
        var summary = new LikelihoodEvaluation(model).Measure(
            new ImageDataset(source, new ImageTransform(size), seed: 0, cacheBytes: 0),
            request,
            progress,
            cancellation
        );
        progress.Dispose();
        context.Output.Result(new LikelihoodReport(summary, path, size, request.Every), report => report.InWords);
        return Task.FromResult(ExitCode.Done);
    }
}
