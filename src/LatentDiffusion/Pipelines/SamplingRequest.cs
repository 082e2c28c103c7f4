using LatentDiffusion.Data.Masks;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Samplers;

namespace LatentDiffusion.Pipelines;

/// <summary>What to sample.</summary>
public sealed record SamplingRequest
{
    /// <summary>What each image is to show; <see cref="ConditionInput.None"/> for no condition.</summary>
    public IReadOnlyList<ConditionInput> Inputs { get; init; } = [];

    /// <summary>The class ids of <see cref="Inputs"/>; setting them makes inputs of classes alone.</summary>
    public IReadOnlyList<int?> Classes
    {
        get => [.. Inputs.Select(input => input.ClassId)];
        init => Inputs = [.. value.Select(ConditionInput.OfClass)];
    }

    /// <summary>What guidance leads away from: nothing, or a negative prompt.</summary>
    public ConditionInput Negative { get; init; } = ConditionInput.None;

    /// <summary>An image to start from, for image-to-image; null starts from noise alone.</summary>
    public StartImage? Start { get; init; }

    /// <summary>
    /// Images that are known but for their holes, one for every input; a model of any kind then fills the holes. Empty for
    /// none.
    /// </summary>
    public IReadOnlyList<MaskedImage> Known { get; init; } = [];

    /// <summary>Image number i is drawn with seed + i.</summary>
    public long Seed { get; init; }

    /// <summary>The sampler's name, one of <see cref="NamedSampler.All"/>.</summary>
    public string Sampler { get; init; } = NamedSampler.Default.Name;

    /// <summary>Sampler steps, 1 to the schedule's timesteps; null is the sampler's usual number.</summary>
    public int? Steps { get; init; }

    /// <summary>How the steps are spread; null is the sampler's usual spacing.</summary>
    public Spacing? Spacing { get; init; }

    /// <summary>Noise of the sampler, 0 (deterministic) to 1; null is the sampler's usual amount.</summary>
    public double? Eta { get; init; }

    /// <summary>Guidance scale; 1 is none.</summary>
    public double Guidance { get; init; } = 1;

    /// <summary>See <see cref="GuidanceSettings.Rescale"/>; 0 is none.</summary>
    public double GuidanceRescale { get; init; }

    /// <summary>Timesteps in which guidance acts; null is all.</summary>
    public GuidanceInterval? GuidanceInterval { get; init; }

    /// <summary>
    /// Scale of the post-hoc guidance by low-resolution inputs (LDM appendix C): how strongly samples are drawn towards
    /// images that look like their input when they are reduced bicubically; 0 is none. Works with any model.
    /// </summary>
    public double InputGuidance { get; init; }

    /// <summary>Width in pixels, or null for the training size.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels, or null for the training size.</summary>
    public int? Height { get; init; }

    /// <summary>
    /// Side in pixels of the patches in which larger images are denoised and decoded, so that memory stays bounded; null
    /// works on whole images.
    /// </summary>
    public int? PatchSize { get; init; }

    /// <summary>Images per network evaluation; memory grows with it, results change by rounding only.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>The steps for a schedule.</summary>
    /// <param name="timesteps">T.</param>
    internal int StepsFor(int timesteps) =>
        Steps ?? Math.Min(NamedSampler.Find(Sampler).DefaultSteps ?? timesteps, timesteps);

    /// <summary>Refuses what a model cannot do.</summary>
    /// <exception cref="UserInputException">The request does not fit the model.</exception>
    internal void Check(LatentDiffusionModel model)
    {
        var multiple = model.SizeMultiple;
        foreach (var (name, value) in new[] { ("width", Width), ("height", Height), ("patch size", PatchSize) })
        {
            Refuse(
                value is { } pixels && (pixels <= 0 || pixels % multiple != 0),
                $"The {name} {value} must be a positive multiple of {multiple} pixels."
            );
        }

        var timesteps = model.Process.Schedule.Timesteps;
        Refuse(Steps is < 1 || Steps > timesteps, $"{Steps} sampler steps: choose 1 to {timesteps}.");
        NamedSampler.Find(Sampler).Create(Eta);
        CheckGuidance(timesteps);
        CheckInputGuidance(Height ?? model.Config.ImageSize, Width ?? model.Config.ImageSize);
        Refuse(BatchSize < 1, $"The batch size is {BatchSize}: choose at least 1.");
        var classes = model.Config.Classes.Count;
        Refuse(
            !model.ReadsText && Inputs.Append(Negative).Any(input => input.Prompt is { Parts.Count: > 0 }),
            $"The model reads no text: leave the prompt out."
        );
        CheckStart(model.Config.ImageSize, StepsFor(timesteps));
        var wrong = Classes.FirstOrDefault(c => c is { } id && (id < 0 || id >= classes));
        Refuse(wrong is not null, $"Class {wrong} does not exist: the model has {classes} classes.");
        CheckPictures(model, Height ?? model.Config.ImageSize, Width ?? model.Config.ImageSize);
    }

    private void CheckPictures(LatentDiffusionModel model, int height, int width)
    {
        Refuse(
            Known.Count > 0 && Known.Count != Inputs.Count,
            $"There are {Known.Count} known images for {Inputs.Count} inputs: give as many."
        );
        var other = Known.FirstOrDefault(known => (known.Image.Height, known.Image.Width) != (height, width))?.Image;
        Refuse(
            other is not null,
            $"A known image has {other?.Width}x{other?.Height} pixels, the image to draw {width}x{height}: make them equal."
        );
        if (
            Inputs
                .Select(input => model.Conditioner?.ProblemWith(input, height, width))
                .FirstOrDefault(problem => problem is not null) is
            { } wrong
        )
        {
            throw new UserInputException(wrong);
        }
    }

    private void CheckStart(int usualSize, int steps)
    {
        if (Start is not { } start)
        {
            return;
        }

        var (width, height) = (Width ?? usualSize, Height ?? usualSize);
        Refuse(
            start.Image.Width != width || start.Image.Height != height,
            $"The image to start from has {start.Image.Width}x{start.Image.Height} pixels: bring it to {width}x{height}."
        );
        Refuse(start.Strength is not (>= 0 and <= 1), $"The strength {start.Strength} must be from 0 to 1.");
        Refuse(
            start.Strength > 0 && start.StepsOf(steps) == 0,
            $"A strength of {start.Strength} leaves none of {steps} steps to do: choose at least {1.0 / steps:0.####}, or more steps."
        );
    }

    private void CheckGuidance(int timesteps)
    {
        Refuse(!double.IsFinite(Guidance), $"The guidance scale {Guidance} must be a finite number.");
        Refuse(GuidanceRescale is not (>= 0 and <= 1), $"The guidance rescale {GuidanceRescale} must be from 0 to 1.");
        if (GuidanceInterval is { } interval)
        {
            Refuse(
                !(interval.From >= 0 && interval.From <= interval.To && interval.To < timesteps),
                $"The guidance interval {interval.From}:{interval.To} must rise within the timesteps 0 to {timesteps - 1}."
            );
        }
    }

    private void CheckInputGuidance(int height, int width)
    {
        Refuse(
            !(double.IsFinite(InputGuidance) && InputGuidance >= 0),
            $"The scale of the guidance by the input is {InputGuidance}: choose 0 or more."
        );
        Refuse(
            InputGuidance > 0 && Inputs.Any(input => input.LowResolution is null),
            $"Guidance by the input needs a low-resolution image for every sample: leave it out for other models."
        );
        var other = Inputs
            .Select(input => input.LowResolution)
            .FirstOrDefault(low =>
                InputGuidance > 0
                && (height / low!.Height * low.Height != height || height / low.Height * low.Width != width)
            );
        Refuse(
            other is not null,
            $"A low-resolution image has {other?.Width}x{other?.Height} pixels, the image to draw {width}x{height}: guidance by the input needs it smaller by a whole number."
        );
        Refuse(
            Inputs.Select(input => input.LowResolution?.Height).Distinct().Count() > 1 && InputGuidance > 0,
            $"The low-resolution images differ in size: guidance by the input needs them alike."
        );
        Refuse(
            InputGuidance > 0 && PatchSize is not null,
            $"Guidance by the input looks at whole images: leave out the patches, or the guidance."
        );
    }

    private static void Refuse(bool isWrong, FormattableString message)
    {
        if (isWrong)
        {
            throw new UserInputException(FormattableString.Invariant(message));
        }
    }
}
