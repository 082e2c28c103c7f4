using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Samplers;
using LatentDiffusion.Text;

namespace LatentDiffusion.Pipelines.Provenance;

/// <summary>What some pictures in a row were to show.</summary>
/// <param name="Count">How many pictures.</param>
/// <param name="Prompt">The prompt as it was written, or null.</param>
/// <param name="Class">The name of the class, or null.</param>
public sealed record RecordedInput(int Count, string? Prompt = null, string? Class = null);

/// <summary>The image that a picture was started from.</summary>
/// <param name="Path">Its file, as its path was given.</param>
/// <param name="Sha256">The hash of that file, 64 hexadecimal digits.</param>
/// <param name="Strength"><see cref="StartImage.Strength"/>.</param>
public sealed record RecordedStart(string Path, string Sha256, double Strength);

/// <summary>The files that show what a picture was to be.</summary>
/// <param name="Verb">What was done with them, as the command line calls it: superres, inpaint, layout, semantic.</param>
/// <param name="Files">The files, in that verb's order.</param>
/// <param name="Scale">How many times larger an enlarged image was to become; null elsewhere.</param>
public sealed record RecordedCondition(string Verb, IReadOnlyList<RecordedFile> Files, double? Scale = null);

/// <summary>A file that a picture was drawn from.</summary>
/// <param name="Path">Its path as it was given.</param>
/// <param name="Sha256">The hash of that file, 64 hexadecimal digits.</param>
public sealed record RecordedFile(string Path, string Sha256);

/// <summary>
/// All that is needed to draw a picture again. Pictures that were drawn together are part of it, because the rounding of
/// libtorch's operators depends on the batch: only the same batch gives the same bits.
/// </summary>
public sealed record GenerationRecord
{
    // Nobody draws more in one batch; a file that says so is no reason to try.
    private const int LargestBatch = 4096;

    /// <summary>The form of this record.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The program and its version.</summary>
    public required string Program { get; init; }

    /// <summary>The model.</summary>
    public required ModelIdentity Model { get; init; }

    /// <summary>How the model was opened, where that was not by its path alone; null otherwise.</summary>
    public ModelOptions? Loading { get; init; }

    /// <summary>The seed of this picture.</summary>
    public required long Seed { get; init; }

    /// <summary>The number of this picture in its batch, from 0; the first one's seed is lower by it.</summary>
    public required int Position { get; init; }

    /// <summary>What the pictures of the batch show, in order.</summary>
    public required IReadOnlyList<RecordedInput> Batch { get; init; }

    /// <summary>The negative prompt as it was written, or null.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>See <see cref="SamplingRequest.Sampler"/>.</summary>
    public required string Sampler { get; init; }

    /// <summary>Sampler steps.</summary>
    public required int Steps { get; init; }

    /// <summary>How the steps were spread.</summary>
    public required Spacing Spacing { get; init; }

    /// <summary>Noise of the sampler.</summary>
    public required double Eta { get; init; }

    /// <summary>Guidance scale.</summary>
    public required double Guidance { get; init; }

    /// <summary>See <see cref="SamplingRequest.GuidanceRescale"/>.</summary>
    public double GuidanceRescale { get; init; }

    /// <summary>See <see cref="SamplingRequest.GuidanceInterval"/>.</summary>
    public GuidanceInterval? GuidanceInterval { get; init; }

    /// <summary>Width in pixels.</summary>
    public required int Width { get; init; }

    /// <summary>Height in pixels.</summary>
    public required int Height { get; init; }

    /// <summary>See <see cref="SamplingRequest.PatchSize"/>.</summary>
    public int? PatchSize { get; init; }

    /// <summary>The image it was started from, or null.</summary>
    public RecordedStart? Start { get; init; }

    /// <summary>The files of its condition, or null.</summary>
    public RecordedCondition? Condition { get; init; }

    /// <summary>Processor threads.</summary>
    public int Threads { get; init; }

    /// <summary>What this picture shows.</summary>
    public RecordedInput Input => Expanded().ElementAt(Position);

    /// <summary>The record of one picture of a request.</summary>
    /// <param name="request">What was drawn.</param>
    /// <param name="number">Which of its pictures.</param>
    /// <param name="model">The model that drew it.</param>
    /// <param name="origin">What the request itself does not tell.</param>
    public static GenerationRecord Of(
        SamplingRequest request,
        int number,
        LatentDiffusionModel model,
        GenerationOrigin origin
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(origin);
        var sampler = NamedSampler.Find(request.Sampler);
        var first = number / request.BatchSize * request.BatchSize;
        return new GenerationRecord
        {
            Program = $"ldm {typeof(GenerationRecord).Assembly.GetName().Version?.ToString(3)}",
            Model = origin.Model,
            Loading = origin.Loading,
            Seed = request.Seed + number,
            Position = number - first,
            Batch = InRuns(request.Inputs.Skip(first).Take(request.BatchSize), model.Config.Classes),
            NegativePrompt = request.Negative.Prompt is { Source.Length: > 0 } negative ? negative.Source : null,
            Sampler = sampler.Name,
            Steps = request.StepsFor(model.Process.Schedule.Timesteps),
            Spacing = request.Spacing ?? sampler.DefaultSpacing,
            Eta = request.Eta ?? sampler.DefaultEta,
            Guidance = request.Guidance,
            GuidanceRescale = request.GuidanceRescale,
            GuidanceInterval = request.GuidanceInterval,
            Width = request.Width ?? model.Config.ImageSize,
            Height = request.Height ?? model.Config.ImageSize,
            PatchSize = request.PatchSize,
            Start = origin.Start,
            Condition = origin.Condition,
            Threads = origin.Threads,
        };
    }

    /// <summary>
    /// The request for the whole batch, but for <see cref="SamplingRequest.Start"/> and what the files of
    /// <see cref="Condition"/> show.
    /// </summary>
    /// <param name="model">The model to draw with.</param>
    /// <exception cref="UserInputException">The model lacks a class.</exception>
    public SamplingRequest ToRequest(LatentDiffusionModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        List<ConditionInput> inputs = [.. Expanded().Select(input => ToInput(input, model.Config.Classes))];
        return ToSettings() with { Inputs = inputs, Seed = Seed - Position, BatchSize = inputs.Count };
    }

    /// <summary>The settings alone, for a request with other inputs and another seed.</summary>
    public SamplingRequest ToSettings() =>
        new()
        {
            Negative = NegativePrompt is null
                ? ConditionInput.None
                : new ConditionInput { Prompt = Prompt.Parse(NegativePrompt) },
            Sampler = Sampler,
            Steps = Steps,
            Spacing = Spacing,
            Eta = Eta,
            Guidance = Guidance,
            GuidanceRescale = GuidanceRescale,
            GuidanceInterval = GuidanceInterval,
            Width = Width,
            Height = Height,
            PatchSize = PatchSize,
        };

    /// <summary>What is wrong with a record that somebody else may have written; null when nothing is.</summary>
    internal string? Problem() =>
        Version != 1 ? $"its version is {Version}, and this program reads version 1"
        : Batch.Any(input => input is not { Count: >= 1 and <= LargestBatch })
        || Batch.Sum(i => (long)i.Count) > LargestBatch
            ? $"its batch has no picture or more than {LargestBatch}"
        : Position < 0 || Position >= Batch.Sum(input => input.Count) ? $"its batch has no picture {Position}"
        : null;

    private IEnumerable<RecordedInput> Expanded() => Batch.SelectMany(input => Enumerable.Repeat(input, input.Count));

    private static List<RecordedInput> InRuns(IEnumerable<ConditionInput> inputs, IReadOnlyList<string> classes)
    {
        List<RecordedInput> runs = [];
        foreach (var input in inputs)
        {
            var one = new RecordedInput(1, input.Prompt?.Source, input.ClassId is { } id ? classes[id] : null);
            if (runs is [.., var last] && last with { Count = 1 } == one)
            {
                runs[^1] = last with { Count = last.Count + 1 };
            }
            else
            {
                runs.Add(one);
            }
        }

        return runs;
    }

    private static ConditionInput ToInput(RecordedInput input, IReadOnlyList<string> classes)
    {
        int? id = input.Class is null ? null : classes.ToList().IndexOf(input.Class);
        return id < 0
            ? throw new UserInputException(
                $"The picture shows the class '{input.Class}', which this model does not have: use the model that drew it."
            )
            : new ConditionInput { ClassId = id, Prompt = input.Prompt is null ? null : Prompt.Parse(input.Prompt) };
    }
}
