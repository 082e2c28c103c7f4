using System.CommandLine;
using System.Globalization;
using LatentDiffusion.Cli.Evaluation;
using LatentDiffusion.Data;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm evaluate latents</c>: how large a model's latents are, and what that does to the noise schedule.</summary>
internal sealed class EvaluateLatentsVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Run folder, model folder or file" };

    private readonly ImageSourceOptions _images = new();

    private readonly Option<int> _count = new("--count")
    {
        Description = "Images to encode, at most, evenly spaced",
        HelpName = "N",
        DefaultValueFactory = _ => 64,
    };

    public EvaluateLatentsVerb()
        : base(
            "latents",
            "The deviation of scaled latents, and how it moves the signal-to-noise ratio of the schedule",
            "ldm evaluate latents models/emoji-class --images data/emoji/emoji64.parquet --count 64"
        )
    {
        Arguments.Add(_model);
        _images.AddTo(this);
        Options.Add(_count);
        Positive.Require(_count);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var source = _images.Open(arguments);
        context.OpenCpu();
        using var model = ModelFile.LoadLatentDiffusion(arguments.GetRequiredValue(_model));
        var dataset = new ImageDataset(source, new ImageTransform(model.Config.ImageSize), seed: 0);
        var indices = EvenlySpaced.Indices(source.Count, arguments.GetValue(_count));
        var scale = LatentScale.Of(model, [.. indices.Select(dataset.GetImage)]);
        context.Output.Result(
            new
            {
                scale.ScaleFactor,
                scale.Deviation,
                SnrGain = scale.Deviation * scale.Deviation,
                indices.Count,
            },
            r =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Latents of {r.Count} images times the factor {r.ScaleFactor:0.####} have a deviation of {r.Deviation:0.###}: "
                        + $"the signal-to-noise ratio is {r.SnrGain:0.##} times the schedule's."
                )
        );
        return Task.FromResult(ExitCode.Done);
    }
}
