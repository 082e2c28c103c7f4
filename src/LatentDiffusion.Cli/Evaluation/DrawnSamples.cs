using System.CommandLine;
using System.Diagnostics;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>Samples that are drawn in order to be measured, and not kept but for a sheet.</summary>
internal sealed class DrawnSamples
{
    private const int SheetColumns = 8;
    private const int SheetPixels = 96;

    private readonly SamplerOptions _sampling = new();

    private readonly Option<string?> _classColumn = new("--class-column")
    {
        Description = "With --model: column with the real images' classes; samples are drawn in the same shares",
        HelpName = "COLUMN",
    };

    private readonly Option<string?> _out = new("--out")
    {
        Description = "With --model: also draw the first samples on one sheet",
        HelpName = "FILE",
    };

    private readonly Option<int> _show = new("--show")
    {
        Description = "Samples on the sheet",
        HelpName = "N",
        DefaultValueFactory = _ => 32,
    };

    public Option<string?> Model { get; } =
        new("--model")
        {
            Description = "Draw the samples from this model instead: run folder, model folder or file",
            HelpName = "MODEL",
        };

    public Option<string?> ClassColumn => _classColumn;

    public void AddTo(Verb verb)
    {
        foreach (var option in (Option[])[Model, _classColumn, .. _sampling.All, _show, _out])
        {
            verb.Options.Add(option);
        }

        Positive.Require(_show);
    }

    /// <summary>Draws samples with the conditions of real images, and their features.</summary>
    /// <param name="context">The command line and the seed.</param>
    /// <param name="source">The real images.</param>
    /// <param name="count">How many samples.</param>
    /// <param name="network">Makes the features.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Checked before every step.</param>
    public DrawnFeatures Draw(
        VerbContext context,
        IImageSource source,
        int count,
        IFeatureNetwork network,
        IProgress<StepProgress> progress,
        CancellationToken cancellation
    )
    {
        var arguments = context.Arguments;
        using var model = ModelFile.LoadLatentDiffusion(arguments.GetRequiredValue(Model)!);
        var request = _sampling.Read(arguments, new SamplingRequest { Guidance = UsualGuidance.Of(model) }) with
        {
            Inputs = SampleConditions.Like(model, source, count),
            Seed = context.Seed ?? 0,
        };
        var sampler = new ImageSampler(model);
        sampler.Check(request);
        var features = new ImageFeatures(network, count);
        List<RgbImage> shown = [];
        var (time, done) = (TimeSpan.Zero, 0);
        foreach (var inputs in request.Inputs.Chunk(request.BatchSize))
        {
            var start = Stopwatch.GetTimestamp();
            var images = sampler.Sample(
                request with
                {
                    Inputs = inputs,
                    Seed = request.Seed + done,
                },
                progress.OfAll(done, count),
                cancellation
            );
            time += Stopwatch.GetElapsedTime(start);
            done += inputs.Length;
            features.Add(images);
            shown.AddRange(images.Take(arguments.GetValue(_show) - shown.Count));
        }

        return new DrawnFeatures(
            features,
            model.Config.ImageSize,
            request,
            time.TotalSeconds / count,
            WriteSheet(arguments.GetValue(_out), shown)
        );
    }

    private static string? WriteSheet(string? path, List<RgbImage> shown)
    {
        if (path is null)
        {
            return null;
        }

        var sheet = new ContactSheet(SheetColumns) { Upscale = Math.Max(1, SheetPixels / shown[0].Width) }.Draw(shown);
        AtomicFile.Write(path, stream => PngEncoder.Write(sheet, stream));
        return Path.GetFullPath(path);
    }
}

/// <summary>What was drawn to be measured.</summary>
/// <param name="Features">Of the samples.</param>
/// <param name="Size">Their side in pixels.</param>
/// <param name="Request">How they were drawn.</param>
/// <param name="SecondsPerImage">Time to draw, decoding included.</param>
/// <param name="Sheet">The picture of the first ones, or null.</param>
internal sealed record DrawnFeatures(
    ImageFeatures Features,
    int Size,
    SamplingRequest Request,
    double SecondsPerImage,
    string? Sheet
);
