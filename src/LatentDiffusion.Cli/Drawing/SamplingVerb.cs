using System.CommandLine;
using System.Diagnostics;
using LatentDiffusion.Cli.Bench;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Cli.Drawing.Conditions;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Provenance;
using LatentDiffusion.Text;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>A verb that draws images with a model, or draws a picture again.</summary>
internal abstract class SamplingVerb : Verb
{
    private readonly Argument<string?> _model = new("model")
    {
        Description = "Run folder, model folder, folder of diffusers, or file (with --from: the picture's own)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string[]> _class = new("--class") { HelpName = "NAME|ID" };

    private readonly Option<int?> _count = new("--count") { HelpName = "N" };

    private readonly SamplerOptions _sampling = new();

    private readonly Option<ImageSize?> _size = ImageSize.CreateOption();

    private readonly ModelChoice _loading = new();

    private readonly PictureOptions _pictures = new();

    private readonly Option<string?> _from = new("--from")
    {
        Description =
            "Draw this picture again, bit for bit; options that are given beside it change the picture, --seed and "
            + "--count draw others like it",
        HelpName = "PNG",
    };

    private readonly PromptOptions? _prompts;
    private readonly StartOptions? _start;
    private readonly ConditionOptions? _shown;
    private readonly int _usualCount;

    /// <param name="name">The verb.</param>
    /// <param name="description">What it does.</param>
    /// <param name="example">A command line.</param>
    /// <param name="usualCount">Images unless another number is asked for.</param>
    /// <param name="prompts">Null for a verb that takes no prompt.</param>
    /// <param name="start">Null for a verb that does not start from an image.</param>
    /// <param name="shown">Null for a verb that draws after no files.</param>
    protected SamplingVerb(
        string name,
        string description,
        string example,
        int usualCount,
        PromptOptions? prompts = null,
        StartOptions? start = null,
        ConditionOptions? shown = null
    )
        : base(name, description, example)
    {
        (_usualCount, _prompts, _start, _shown) = (usualCount, prompts, start, shown);
        _class.Description =
            $"Class by name or number, or '{ClassChoice.None}'; may be repeated "
            + $"(default: {(prompts is null ? "every class" : ClassChoice.None)})";
        _count.Description =
            (
                prompts is null ? "Images per class, or in all for an unconditional model"
                : shown is null ? "Images per prompt"
                : "Images to draw"
            ) + $" (default: {usualCount})";
        Positive.Require(_count);
        Arguments.Add(_model);
        Option[] options =
        [
            .. start?.All ?? [],
            .. shown?.All ?? [],
            .. prompts?.All ?? [],
            _class,
            _count,
            .. _sampling.All,
            .. shown?.Kind.LeavesSizeOpen == false ? (Option[])[] : [_size],
            .. _loading.All,
            .. _pictures.All,
            _from,
        ];
        foreach (var option in options)
        {
            Options.Add(option);
        }

        Validators.Add(result =>
        {
            bool IsGiven(Option option) => result.GetResult(option) is { Implicit: false };
            if (IsGiven(_from))
            {
                return;
            }

            var problem = result.GetResult(_model) is not { Tokens.Count: > 0 }
                ? "model is missing."
                : _start?.ProblemOf(IsGiven) ?? _shown?.ProblemOf(IsGiven) ?? _prompts?.ProblemOf(IsGiven);
            if (problem is not null)
            {
                result.AddError(problem);
            }
        });
    }

    /// <summary>Refuses a model that is none for this verb. Not asked when a picture is drawn again.</summary>
    /// <exception cref="UserInputException">Another verb is meant for the model.</exception>
    protected virtual void CheckModel(LatentDiffusionModel model, string path) { }

    /// <summary>The classes to draw when none is named; none for an image without class.</summary>
    protected virtual IReadOnlyList<int> UsualClasses(LatentDiffusionModel model) => [];

    public sealed override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        // Names and files first: the model takes its time.
        _sampling.Read(arguments, new SamplingRequest());
        var prompts = _prompts?.Prompts(arguments) ?? [];
        var picture = arguments.GetValue(_from) is { } from ? PictureFile.Read(from) : null;
        var path = arguments.GetValue(_model);
        var withMetadata = _pictures.WithMetadata(arguments);
        var identity = picture?.FindModel(path, context.Output);
        path ??= identity!.Path;
        if (picture is { Record.Threads: > 0 and var threads } && threads <= Environment.ProcessorCount)
        {
            // Sums of other numbers of threads may be rounded otherwise.
            context.UsualThreads = threads;
        }

        var clock = new FirstStepClock();
        context.OpenCpu();
        var loading = IsGiven(arguments, _loading.All) ? _loading.Read(arguments) : picture?.Record.Loading;
        using var model = ModelFile.LoadLatentDiffusion(path, options: loading);
        clock.Loaded();
        if (picture is null)
        {
            ShownCondition.Check(model, path, _shown?.Kind);
            CheckModel(model, path);
            identity = withMetadata ? ModelIdentity.Of(path) : null;
        }

        var isRepeat = picture is not null && context.Seed is null && !IsAnyGiven(arguments);
        var request = isRepeat ? picture!.Record.ToRequest(model) : Request(context, model, prompts, picture?.Record);
        var start = StartingImage.Find(
            _start?.Image(arguments),
            _start?.Strength(arguments),
            isNeeded: _start is not null,
            picture
        );
        request = start is null ? request : start.AddTo(request, model, context.Output);
        var files = ConditionFiles.Find(_shown, arguments, picture);
        var shown = files?.Plan(request, model, context.Output);
        var plan = shown?.Sampling ?? SamplingPlan.Of(request);
        request = plan.Request;
        var sampler = new ImageSampler(model);
        sampler.Check(request);
        PromptNotes.Tell(request, model, context.Output);
        var (folder, grid) = _pictures.CreateFolders(arguments);

        using var progress = context.Output.StartProgress();
        var begin = Stopwatch.GetTimestamp();
        var images = sampler.Sample(request, clock.Watch(progress), cancellation);
        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        progress.Dispose();
        if (clock.InWords() is { } waited)
        {
            context.Output.Log(waited);
        }

        var drawn = images
            .Index()
            .Select(image => new DrawnImage(request, image.Index, plan.Finish(image.Item)))
            .ToList();
        if (isRepeat)
        {
            drawn = [drawn[picture!.Record.Position]];
        }

        var origin =
            withMetadata && identity is not null
                ? new GenerationOrigin(identity, context.Threads, start?.Record, files?.Record, loading)
                : null;
        var writer = new ImageWriter(model, origin) { Subject = files?.Name };
        var written = drawn.Select(image => writer.Write(folder, image)).ToList();
        if (grid is not null)
        {
            writer.WriteGrid(grid, drawn, isRepeat ? 1 : CountOf(arguments, picture?.Record), shown?.Picture);
        }

        context.Output.Result(
            new
            {
                Folder = Path.GetFullPath(folder),
                Files = written,
                Grid = grid is null ? null : Path.GetFullPath(grid),
                drawn[0].Seed,
                Seconds = Math.Round(seconds, 3),
                LoadSeconds = Math.Round(clock.Loading.TotalSeconds, 3),
                FirstStepSeconds = Math.Round(clock.FirstStep?.TotalSeconds ?? 0, 3),
                PeakRssMb = Math.Round(PeakMemory.Megabytes(), 1),
            },
            r => r.Files.Count == 1 ? r.Files[0] : $"{r.Files.Count} images in {r.Folder}"
        );
        return Task.FromResult(ExitCode.Done);
    }

    // Whether anything asks for another picture than the one that is to be drawn again.
    private bool IsAnyGiven(ParseResult arguments) =>
        IsGiven(
            arguments,
            [
                .. _start?.Changing ?? [],
                .. _shown?.Changing ?? [],
                .. _prompts?.All ?? [],
                .. _sampling.All,
                .. _loading.All,
                _class,
                _count,
                _size,
            ]
        );

    private static bool IsGiven(ParseResult arguments, IEnumerable<Option> options) =>
        options.Any(option => arguments.GetResult(option) is { Implicit: false });

    private int CountOf(ParseResult arguments, GenerationRecord? record) =>
        arguments.GetValue(_count) ?? (record is null ? _usualCount : 1);

    private SamplingRequest Request(
        VerbContext context,
        LatentDiffusionModel model,
        IReadOnlyList<string> prompts,
        GenerationRecord? record
    )
    {
        var arguments = context.Arguments;
        var basis = record?.ToSettings() ?? new SamplingRequest { Guidance = UsualGuidance.Of(model) };
        var recorded = record is null ? null : record.ToRequest(model).Inputs[record.Position];
        var classes = ClassChoice.Resolve(arguments.GetValue(_class) ?? [], model.Config.Classes);
        if (classes.Count == 0 && record is null)
        {
            classes = [.. UsualClasses(model).Select(id => (int?)id)];
        }

        IReadOnlyList<int?> classIds = classes.Count > 0 ? classes : [recorded?.ClassId];
        IReadOnlyList<Prompt?> texts = prompts.Count > 0 ? [.. prompts.Select(Prompt.Parse)] : [recorded?.Prompt];
        var size = arguments.GetValue(_size);
        return _sampling.Read(arguments, basis) with
        {
            Inputs =
            [
                .. from text in texts
                from classId in classIds
                from _ in Enumerable.Range(0, CountOf(arguments, record))
                select new ConditionInput { Prompt = text, ClassId = classId },
            ],
            Negative = _prompts?.Negative(arguments) is { } negative
                ? new ConditionInput { Prompt = Prompt.Parse(negative) }
                : basis.Negative,
            Seed = context.Seed ?? record?.Seed ?? 0,
            Width = size?.Width ?? basis.Width,
            Height = size?.Height ?? basis.Height,
        };
    }
}
