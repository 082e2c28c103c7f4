using System.CommandLine;
using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Evaluation;
using LatentDiffusion.Cli.Experiments;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Experiments;
using LatentDiffusion.Samplers;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm experiment samplers</c>: quality and time of every sampler by number of steps.</summary>
internal sealed class ExperimentSamplersVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Run folder, model folder or file" };

    private readonly ImageSetOptions _images = new();

    private readonly Option<string?> _classColumn = new("--class-column")
    {
        Description = "Column with the real images' classes; samples are drawn in the same shares",
        HelpName = "COLUMN",
    };

    private readonly Option<int> _count = new("--count")
    {
        Description = "Samples for every sampler and number of steps",
        HelpName = "N",
        DefaultValueFactory = _ => 500,
    };

    private readonly Option<string> _steps = new("--steps")
    {
        Description = "Numbers of steps, such as 5,10,20",
        HelpName = "N,N,...",
        DefaultValueFactory = _ => "5,10,20,50,200",
    };

    private readonly Option<string?> _samplers = new("--samplers")
    {
        Description = $"Samplers (default: {string.Join(',', NamedSampler.All.Select(s => s.Name))})",
        HelpName = "NAME,NAME,...",
    };

    private readonly Option<string?> _spacings = new("--spacings")
    {
        Description = $"Spacings of the steps, of {SamplerOptions.SpacingNames} (default: each sampler's own)",
        HelpName = "NAME,NAME,...",
    };

    private readonly Option<double> _guidance = new("--guidance")
    {
        Description = "Guidance scale; 1 is none",
        HelpName = "S",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "Folder for results, tables, plots and sheets; what is already in it is not measured again",
        HelpName = "DIR",
        DefaultValueFactory = _ => Path.Combine("out", "experiments", "samplers"),
    };

    public ExperimentSamplersVerb()
        : base(
            "samplers",
            "Distance to real images and time, of every sampler by number of steps",
            "ldm experiment samplers out/demo/latent-diffusion --real data/emoji/emoji64.parquet --class-column group"
        )
    {
        Arguments.Add(_model);
        _images.AddTo(this);
        foreach (var option in (Option[])[_classColumn, _count, _steps, _samplers, _spacings, _guidance, _out])
        {
            Options.Add(option);
        }

        Positive.Require(_count);
        Positive.OrZero(_guidance);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var cells = Cells(arguments);
        var path = arguments.GetRequiredValue(_model);
        var source = _images.Real.Open(arguments, arguments.GetValue(_classColumn));
        context.OpenCpu();
        using var model = ModelFile.LoadLatentDiffusion(path);
        using var network = FeatureChoice.Require(arguments.GetValue(_images.Features));
        var size = model.Config.ImageSize;
        var request = new SamplingRequest
        {
            Inputs = RealImages.InputsFor(model, source, arguments.GetValue(_count)),
            Seed = context.Seed ?? 0,
            Guidance = arguments.GetValue(_guidance),
        };
        foreach (var cell in cells)
        {
            new ImageSampler(model).Check(SamplerExperiment.RequestOf(request, cell));
        }

        if (request.Inputs.Count < 2 || source.Count < 2)
        {
            throw new UserInputException("A distance needs at least 2 samples and 2 real images: give more.");
        }

        var folder = arguments.GetRequiredValue(_out);
        OutputFolder.Create(folder);
        var earlier = SamplerResults.Open(
            folder,
            new SamplerExperimentSettings
            {
                Model = path,
                ModelHash = ExperimentFiles.HashOfModel(path),
                Real = arguments.GetRequiredValue(_images.Real.Path)!,
                RealHash = ExperimentFiles.HashOfImages(source),
                CountReal = source.Count,
                Count = request.Inputs.Count,
                Size = size,
                Seed = request.Seed,
                Guidance = request.Guidance,
                Features = network.Name,
            }
        );
        using var progress = context.Output.StartProgress();
        var results = new SamplerExperimentRun(folder, earlier, progress).Run(
            cells,
            () =>
            {
                var dataset = new ImageDataset(source, new ImageTransform(size), seed: 0, cacheBytes: 0);
                var real = RealImages.Embed(model, network, dataset, progress, cancellation);
                return (new SamplerExperiment(model, network, real, request), real.FirstStageDistance());
            },
            cancellation
        );
        progress.Dispose();
        context.Output.Result(
            new
            {
                Folder = Path.GetFullPath(folder),
                Page = Path.GetFullPath(Path.Combine(folder, "index.html")),
                Measured = results.Cells.Count - earlier.Cells.Count,
                results.FirstStageFid,
                results.Settings.Features,
                results.Cells,
            },
            r => $"{SamplerReport.InWords(results)}\n\n{r.Page}"
        );
        return Task.FromResult(ExitCode.Done);
    }

    private List<SamplerCell> Cells(ParseResult arguments)
    {
        var samplers = arguments.GetValue(_samplers) is { } names
            ? Parts(names).Select(NamedSampler.Find).ToList()
            : NamedSampler.All;
        var spacings = arguments.GetValue(_spacings) is { } given
            ? Parts(given).Select(SamplerOptions.ParseSpacing).ToList()
            : null;
        var steps = Parts(arguments.GetRequiredValue(_steps)).Select(ParseSteps).ToList();
        List<SamplerCell> cells =
        [
            .. from sampler in samplers
            from spacing in spacings ?? [sampler.DefaultSpacing]
            from count in steps
            select new SamplerCell(sampler.Name, spacing, count),
        ];
        return cells.Count > 0
            ? [.. cells.Distinct()]
            : throw new UserInputException("--samplers, --steps and --spacings must name at least one each.");
    }

    private static string[] Parts(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static int ParseSteps(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var steps) && steps > 0
            ? steps
            : throw new UserInputException($"--steps {text}: give numbers above 0, such as 5,10,20.");
}
