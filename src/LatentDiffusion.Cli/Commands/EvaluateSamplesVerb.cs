using System.CommandLine;
using LatentDiffusion.Cli.Evaluation;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm evaluate samples</c>: the distance of samples to real images.</summary>
internal sealed class EvaluateSamplesVerb : Verb
{
    private readonly ImageSetOptions _images = new();

    private readonly Option<string?> _samples = new("--samples")
    {
        Description = "Samples: a folder, a .parquet file, a .zip of image files or an .npz of pixels",
        HelpName = "PATH",
    };

    private readonly DrawnSamples _drawn = new();

    private readonly Option<int?> _count = new("--count")
    {
        Description =
            "Images of each set to use, at most, evenly spaced (default: all); with --model the samples to draw",
        HelpName = "N",
    };

    private readonly Option<int?> _size = new("--size")
    {
        Description = "Make the images squares of this side, in pixels (default: the short side of the first sample)",
        HelpName = "N",
    };

    private readonly Option<bool> _noCache = new("--no-cache")
    {
        Description = "Measure the real images again, even if their features were kept (in LDM_CACHE_DIR)",
    };

    public EvaluateSamplesVerb()
        : base(
            "samples",
            "FID, sFID, KID, IS, precision, recall, density and coverage of samples against real images",
            "ldm evaluate samples --real data/emoji/emoji64.parquet --where split=test --samples out/samples"
        )
    {
        _images.AddTo(this);
        _drawn.AddTo(this);
        foreach (var option in new Option[] { _samples, _count, _size, _noCache })
        {
            Options.Add(option);
        }

        Positive.Require(_count);
        Positive.Require(_size);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var (model, path) = (arguments.GetValue(_drawn.Model), arguments.GetValue(_samples));
        if ((model is null) == (path is null) || (model is not null && arguments.GetValue(_size) is not null))
        {
            throw new UserInputException(
                "Give either --samples PATH, or --model MODEL to draw samples of its own size (without --size)."
            );
        }

        var real = _images.Real.Open(arguments, arguments.GetValue(_drawn.ClassColumn));
        var samples = path is null ? null : ImageSources.Open(path);
        context.OpenCpu();
        using var network = FeatureChoice.Require(arguments.GetValue(_images.Features));
        using var progress = context.Output.StartProgress();
        var count = arguments.GetValue(_count);
        var drawn = samples is null
            ? _drawn.Draw(context, real, count ?? real.Count, network, progress, cancellation)
            : null;
        var size = drawn?.Size ?? arguments.GetValue(_size) ?? ShortSide(samples!);
        var features = new SetFeatures(context, network, size);
        var cache = arguments.GetValue(_noCache) ? null : new FeatureCache(FeatureCache.UsualFolder);
        var ofReal = features.Of("real images", real, drawn is null ? count : null, cache, progress, cancellation);
        var ofSamples = drawn?.Features ?? features.Of("samples", samples!, count, cache: null, progress, cancellation);
        var measures = SampleMeasures.Between(ofReal, ofSamples, context.Seed ?? 0);
        progress.Dispose();
        context.Output.Result(
            new SampleReport(measures)
            {
                CountReal = ofReal.Count,
                CountSamples = ofSamples.Count,
                Features = network.Name,
                Size = size,
                Drawn = drawn is null ? null : new DrawnReport(model!, drawn),
            },
            report => report.InWords
        );
        return Task.FromResult(ExitCode.Done);
    }

    private static int ShortSide(IImageSource source)
    {
        var first = ImageDecoder.Decode(source.Read(0), source.Describe(0).Name);
        return Math.Min(first.Width, first.Height);
    }
}
