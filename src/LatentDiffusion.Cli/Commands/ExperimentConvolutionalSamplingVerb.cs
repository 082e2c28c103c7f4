using System.CommandLine;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Experiments;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Experiments;

namespace LatentDiffusion.Cli.Commands;

/// <summary>
/// <c>ldm experiment convolutional-sampling</c>: images larger than in training, with latents scaled and not (LDM section 4.3.2
/// and appendix D.1).
/// </summary>
internal sealed class ExperimentConvolutionalSamplingVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Run folder, model folder or file" };

    private readonly Option<string> _unscaled = new("--unscaled")
    {
        Description = "The same model trained with another scale_factor, usually 1",
        HelpName = "MODEL",
        Required = true,
    };

    private readonly Option<ImageSize?> _size = ImageSize.CreateOption("twice the training size, each way");

    private readonly Option<string[]> _class = new("--class")
    {
        Description = "Class by name or number; may be repeated (default: every class)",
        HelpName = "NAME|ID",
    };

    private readonly Option<int> _count = new("--count")
    {
        Description = "Images per class, or in all for an unconditional model",
        HelpName = "N",
        DefaultValueFactory = _ => 4,
    };

    private readonly Option<int?> _steps = new("--steps")
    {
        Description = "Sampler steps (default: the sampler's own number)",
        HelpName = "N",
    };

    private readonly Option<double> _guidance = new("--guidance")
    {
        Description = "Guidance scale; 1 is none",
        HelpName = "S",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "Folder for images, sheets, table and page",
        HelpName = "DIR",
        DefaultValueFactory = _ => Path.Combine("out", "experiments", "convolutional-sampling"),
    };

    public ExperimentConvolutionalSamplingVerb()
        : base(
            "convolutional-sampling",
            "Images larger than in training, whole and in patches, with latents scaled and not",
            "ldm experiment convolutional-sampling out/runs/scaled --unscaled out/runs/unscaled --size 64x64"
        )
    {
        Arguments.Add(_model);
        foreach (var option in (Option[])[_unscaled, _size, _class, _count, _steps, _guidance, _out])
        {
            Options.Add(option);
        }

        Positive.Require(_count);
        Positive.Require(_steps);
        Positive.OrZero(_guidance);
    }

    public override async Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        context.OpenCpu();
        var settings = Read(context);
        var folder = arguments.GetRequiredValue(_out);
        OutputFolder.Create(folder);
        using var progress = context.Output.StartProgress();
        var sampling = new ConvolutionalSampling(settings, folder);
        var rows = await sampling.RunAsync(progress, cancellation);
        progress.Dispose();
        var half = rows.Count / 2;
        var report = new ConvolutionalSamplingReport(
            settings,
            Scale(settings.Model, sampling.Images[0]),
            Scale(settings.Unscaled, sampling.Images[half]),
            rows
        );
        report.Write(folder, sampling.Images);
        context.Output.Result(
            new
            {
                Folder = Path.GetFullPath(folder),
                Page = Path.GetFullPath(Path.Combine(folder, "index.html")),
                report.Scaled,
                report.Unscaled,
                report.Cells,
            },
            r => $"{report.InWords()}\n\n{r.Page}"
        );
        return ExitCode.Done;
    }

    private ConvolutionalSamplingSettings Read(VerbContext context)
    {
        var arguments = context.Arguments;
        var (path, otherPath) = (arguments.GetRequiredValue(_model), arguments.GetRequiredValue(_unscaled));
        using var model = ModelFile.LoadLatentDiffusion(path);
        using var other = ModelFile.LoadLatentDiffusion(otherPath);
        if (ConfigWriter.ToYaml(model.Config) != ConfigWriter.ToYaml(other.Config))
        {
            throw new UserInputException(
                $"--unscaled {otherPath} is not the same kind of model as {path}: train both from configurations that differ "
                    + "in scale_factor only."
            );
        }

        var training = model.Config.ImageSize;
        var settings = new ConvolutionalSamplingSettings
        {
            Model = path,
            Unscaled = otherPath,
            TrainingSize = training,
            Size = arguments.GetValue(_size) ?? new ImageSize(2 * training, 2 * training),
            Count = arguments.GetValue(_count),
            Steps = arguments.GetValue(_steps),
            Guidance = arguments.GetValue(_guidance),
            Classes = arguments.GetValue(_class) ?? [],
            Seed = context.Seed ?? 0,
            Threads = context.Threads,
        };
        ClassChoice.Resolve(settings.Classes, model.Config.Classes);
        new ImageSampler(model).Check(
            new SamplingRequest
            {
                Classes = [],
                Width = settings.Size.Width,
                Height = settings.Size.Height,
                PatchSize = training,
                Steps = settings.Steps,
                Guidance = settings.Guidance,
            }
        );
        return settings;
    }

    private static LatentScale Scale(string path, IReadOnlyList<RgbImage> images)
    {
        using var model = ModelFile.LoadLatentDiffusion(path);
        return LatentScale.Of(model, images);
    }
}
