using System.CommandLine;
using LatentDiffusion.Cli.Evaluation;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Obedience;
using LatentDiffusion.Text;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm evaluate captions</c>: whether samples show what their captions say.</summary>
internal sealed class EvaluateCaptionsVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Run folder, model folder or file" };

    private readonly ImageSetOptions _images = new();

    private readonly SamplerOptions _sampling = new();

    private readonly Option<string?> _classColumn = new("--class-column")
    {
        Description = "Column whose value captions tell too, such as a style; candidates are of one class",
        HelpName = "COLUMN",
    };

    private readonly Option<int?> _count = new("--count")
    {
        Description = "Captions to draw, at most, evenly spaced (default: all)",
        HelpName = "N",
    };

    private readonly Option<int> _candidates = new("--candidates")
    {
        Description = "From how many captions a sample's own is to be told",
        HelpName = "N",
        DefaultValueFactory = _ => 10,
    };

    public EvaluateCaptionsVerb()
        : base(
            "captions",
            "How often samples show what their captions say, judged by the captions' real images",
            "ldm evaluate captions models/emoji-text --real data/emoji/emoji64.parquet --where \"split=test & skin_tone=\" "
                + "--class-column style"
        )
    {
        Arguments.Add(_model);
        _images.AddTo(this);
        foreach (var option in (Option[])[_classColumn, _count, _candidates, .. _sampling.All])
        {
            Options.Add(option);
        }

        Positive.Require(_count);
        _candidates.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 2)
            {
                result.AddError("option '--candidates' takes a number from 2 up.");
            }
        });
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        _sampling.Read(arguments, new SamplingRequest());
        var path = arguments.GetRequiredValue(_model);
        var source = _images.Real.Open(arguments, arguments.GetValue(_classColumn));
        var count = arguments.GetValue(_count);
        var records = EvenlySpaced.Indices(source.Count, count ?? source.Count).Select(source.Describe).ToList();
        if (records.Exists(record => string.IsNullOrWhiteSpace(record.Caption)))
        {
            throw new UserInputException("The real images have no captions: choose captioned ones.");
        }

        context.OpenCpu();
        using var model = ModelFile.LoadLatentDiffusion(path);
        if (!model.ReadsText)
        {
            throw new UserInputException($"{path} reads no text: choose a model that was trained with captions.");
        }

        using var network = FeatureChoice.Require(arguments.GetValue(_images.Features));
        var request = _sampling.Read(arguments, new SamplingRequest { Guidance = UsualGuidance.Of(model) }) with
        {
            Inputs = [.. records.Select(record => new ConditionInput { Prompt = Prompt.Plain(record.Caption!) })],
            Seed = context.Seed ?? 0,
        };
        using var progress = context.Output.StartProgress();
        var real = new SetFeatures(context, network, model.Config.ImageSize).Of(
            "real images",
            source,
            count,
            cache: null,
            progress,
            cancellation
        );
        var samples = new ImageFeatures(network);
        samples.Add(new ImageSampler(model).Sample(request, progress, cancellation));
        var candidates = arguments.GetValue(_candidates);
        var classes = arguments.GetValue(_classColumn) is null
            ? null
            : records.Select(record => record.ClassName ?? "").ToList();
        var obedience = CaptionObedience.Of(samples, real, classes, candidates, request.Seed);
        progress.Dispose();
        context.Output.Result(
            new ObedienceReport(obedience)
            {
                Candidates = candidates,
                Guidance = request.Guidance,
                Sampler = request.Sampler,
                Features = network.Name,
            },
            report => report.InWords
        );
        return Task.FromResult(ExitCode.Done);
    }
}
