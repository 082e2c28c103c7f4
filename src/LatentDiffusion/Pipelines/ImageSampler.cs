using System.Globalization;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Progress;
using LatentDiffusion.Samplers;
using static TorchSharp.torch;

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

    /// <summary>Image number i is drawn with seed + i.</summary>
    public long Seed { get; init; }

    /// <summary>Sampler steps, 1 to the schedule's timesteps.</summary>
    public int Steps { get; init; } = 50;

    /// <summary>Noise of the sampler, 0 (deterministic) to 1.</summary>
    public double Eta { get; init; }

    /// <summary>Guidance scale; 1 is none.</summary>
    public double Guidance { get; init; } = 1;

    /// <summary>Width in pixels, or null for the training size.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels, or null for the training size.</summary>
    public int? Height { get; init; }

    /// <summary>Images per network evaluation; memory grows with it, results change by rounding only.</summary>
    public int BatchSize { get; init; } = 16;
}

/// <summary>Draws images from a latent diffusion model.</summary>
/// <param name="model">The model; used by one thread at a time.</param>
public sealed class ImageSampler(LatentDiffusionModel model)
{
    /// <summary>Draws images.</summary>
    /// <param name="request">What to draw.</param>
    /// <param name="progress">Told after every sampler step.</param>
    /// <param name="cancellation">Checked before every sampler step.</param>
    /// <returns>One image per entry of <see cref="SamplingRequest.Inputs"/>.</returns>
    /// <exception cref="UserInputException">The request does not fit the model.</exception>
    public IReadOnlyList<RgbImage> Sample(
        SamplingRequest request,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        Check(request);
        using var inference = no_grad();
        List<RgbImage> images = [];
        for (var first = 0; first < request.Inputs.Count; first += request.BatchSize)
        {
            var inputs = request.Inputs.Skip(first).Take(request.BatchSize).ToList();
            var (done, total) = (first, request.Inputs.Count);
            using var scope = NewDisposeScope();
            var batch = SampleBatch(
                request,
                inputs,
                first,
                progress is null ? null : new PartOfProgress(progress, done, inputs.Count, total),
                cancellation
            );
            images.AddRange(ImageTensors.ToImages(batch));
        }

        return images;
    }

    private Tensor SampleBatch(
        SamplingRequest request,
        List<ConditionInput> inputs,
        int first,
        IProgress<StepProgress>? progress,
        CancellationToken cancellation
    )
    {
        var factor = model.FirstStage.DownsamplingFactor;
        var (channels, height, width) = (
            model.FirstStage.LatentChannels,
            (request.Height ?? model.Config.ImageSize) / factor,
            (request.Width ?? model.Config.ImageSize) / factor
        );
        using var noise = NoiseSource.FromSeed(request.Seed, inputs.Count, first);
        var latents = new DdimSampler(model.Process.Schedule).Sample(
            Predictor(request, inputs),
            noise.Next(channels, height, width),
            new DdimOptions(request.Steps, request.Eta),
            () => noise.Next(channels, height, width),
            progress,
            cancellation
        );
        return model.DecodeScaled(latents);
    }

    private INoisePredictor Predictor(SamplingRequest request, List<ConditionInput> inputs)
    {
        if (model.Conditioner is not { } conditioner)
        {
            return new ConditionedPredictor(model.Denoiser, Condition.None);
        }

        // Guidance away from what is wanted anyway changes nothing.
        var unconditional = inputs.All(input => input == request.Negative || (input.IsNone && request.Negative.IsNone))
            ? null
            : conditioner.Encode([.. inputs.Select(_ => request.Negative)]);
        return ClassifierFreeGuidance.Apply(
            model.Denoiser,
            conditioner.Encode(inputs),
            unconditional,
            request.Guidance
        );
    }

    private void Check(SamplingRequest request)
    {
        var multiple = model.SizeMultiple;
        foreach (var (name, value) in new[] { ("width", request.Width), ("height", request.Height) })
        {
            if (value is { } pixels && (pixels <= 0 || pixels % multiple != 0))
            {
                throw new UserInputException($"The {name} {pixels} must be a positive multiple of {multiple} pixels.");
            }
        }

        var timesteps = model.Process.Schedule.Timesteps;
        if (request.Steps < 1 || request.Steps > timesteps)
        {
            throw new UserInputException($"{request.Steps} sampler steps: choose 1 to {timesteps}.");
        }

        if (request.Eta is not (>= 0 and <= 1))
        {
            throw new UserInputException(
                string.Create(CultureInfo.InvariantCulture, $"The sampler's eta {request.Eta} must be from 0 to 1.")
            );
        }

        if (request.BatchSize < 1)
        {
            throw new UserInputException($"The batch size is {request.BatchSize}: choose at least 1.");
        }

        var classes = model.Config.Classes.Count;
        if (request.Classes.FirstOrDefault(c => c is { } id && (id < 0 || id >= classes)) is { } wrong)
        {
            throw new UserInputException($"Class {wrong} does not exist: the model has {classes} classes.");
        }
    }

    /// <summary>Turns the steps of one batch into images done of all.</summary>
    private sealed class PartOfProgress(IProgress<StepProgress> whole, int done, int count, int total)
        : IProgress<StepProgress>
    {
        public void Report(StepProgress value) =>
            whole.Report(value with { Done = done + count * value.Done / value.Total, Total = total });
    }
}
