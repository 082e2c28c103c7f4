using System.CommandLine;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Evaluation;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Obedience;

namespace LatentDiffusion.Cli.Commands;

/// <summary>
/// <c>ldm evaluate conditions</c>: draws anew what real images show, from their low-resolution versions, holes, label maps or
/// layouts, and measures the samples against the images and the conditions.
/// </summary>
internal sealed class EvaluateConditionsVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Run folder, model folder or file" };

    private readonly ConditionedImageOptions _images = new();

    private readonly SamplerOptions _sampling = new();

    private readonly Option<int?> _count = new("--count")
    {
        Description = "Images to draw anew, at most, evenly spaced (default: all)",
        HelpName = "N",
    };

    private readonly Option<double?> _inputGuidance = new("--input-guidance")
    {
        Description =
            "Draws samples towards images that are the low-resolution input when reduced (post-hoc guidance); 0 is none "
            + "(default: 0)",
        HelpName = "S",
    };

    private readonly PerceptualOptions _perceptual = new();

    private readonly Option<int> _show = new("--show")
    {
        Description = "Images on the sheet, evenly spaced",
        HelpName = "N",
        DefaultValueFactory = _ => 8,
    };

    private readonly Option<string?> _out = new("--out")
    {
        Description = "Also draw conditions, samples and images on one sheet",
        HelpName = "FILE",
    };

    public EvaluateConditionsVerb()
        : base(
            "conditions",
            "How well a super-resolution, inpainting, layout or semantic model redraws real images from their conditions",
            "ldm evaluate conditions models/scene-semantic --images out/data/scenes-validation/images "
                + "--maps out/data/scenes-validation/maps"
        )
    {
        Arguments.Add(_model);
        _images.AddTo(this);
        foreach (var option in (Option[])[_count, .. _sampling.All, _inputGuidance])
        {
            Options.Add(option);
        }

        _perceptual.AddTo(this);
        Options.Add(_show);
        Options.Add(_out);
        Positive.Require(_count);
        Positive.Require(_show);
        Positive.OrZero(_inputGuidance);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        _sampling.Read(arguments, new SamplingRequest());
        context.OpenCpu();
        var path = arguments.GetRequiredValue(_model);
        using var model = ModelFile.LoadLatentDiffusion(path);
        if (model.Config.Conditioner is not { UsesPictures: true } conditioner)
        {
            throw new UserInputException(
                $"{path} is not conditioned on pictures or boxes: measure it with ldm evaluate samples --model {path}."
            );
        }

        var images = _images.Open(arguments, model.Config.ImageSize, conditioner);
        var request = _sampling.Read(arguments, new SamplingRequest { Guidance = UsualGuidance.Of(model) }) with
        {
            Seed = context.Seed ?? 0,
            InputGuidance = arguments.GetValue(_inputGuidance) ?? 0,
        };
        var sheet = arguments.GetValue(_out);
        if (sheet is not null)
        {
            // Before the long part, which a wrong name would waste.
            OutputFolder.CreateFor(sheet);
        }

        using var perceptual = _perceptual.Open(context);
        using var progress = context.Output.StartProgress();
        var indices = EvenlySpaced.Indices(images.Images.Count, arguments.GetValue(_count) ?? images.Images.Count);
        var onSheet = EvenlySpaced.Indices(indices.Count, sheet is null ? 0 : arguments.GetValue(_show)).ToHashSet();
        List<ConditionalDraw> shown = [];
        var drawing = new ConditionalDrawing(model, request);
        drawing.Check(images.Images, indices[0]);
        var measures = ConditionalMeasures.Of(
            Keeping(drawing.Draw(images.Images, indices, progress, cancellation), onSheet, shown),
            MapObedience.Examples(images.Images, indices, cancellation),
            images.Labels,
            perceptual.Measures
        );
        progress.Dispose();
        foreach (var sentence in measures.LeftOut)
        {
            context.Output.Warn(sentence);
        }

        context.Output.Result(
            new ConditionReport(measures)
            {
                Model = path,
                Size = images.Images.Size,
                Sampler = request.Sampler,
                Guidance = request.Guidance,
                InputGuidance = request.InputGuidance,
                SecondsPerImage = Math.Round(drawing.Time.TotalSeconds / indices.Count, 4),
                Sheet = sheet is null ? null : WriteSheet(sheet, model, shown),
            },
            report => report.InWords
        );
        return Task.FromResult(ExitCode.Done);
    }

    // All others are let go once they are measured: of a large set there would be no room for them.
    private static IEnumerable<ConditionalDraw> Keeping(
        IEnumerable<ConditionalDraw> draws,
        HashSet<int> positions,
        List<ConditionalDraw> kept
    )
    {
        foreach (var (position, draw) in draws.Index())
        {
            if (positions.Contains(position))
            {
                kept.Add(draw);
            }

            yield return draw;
        }
    }

    private static string WriteSheet(string path, LatentDiffusionModel model, List<ConditionalDraw> shown)
    {
        var sheet = SampleSheet.Of(model.Config, shown);
        AtomicFile.Write(path, stream => PngEncoder.Write(sheet, stream));
        return Path.GetFullPath(path);
    }
}
