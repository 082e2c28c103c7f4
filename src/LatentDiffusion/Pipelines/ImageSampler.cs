using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Diffusion.Patches;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Progress;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>Draws images from a latent diffusion model.</summary>
/// <param name="model">The model; used by one thread at a time.</param>
public sealed class ImageSampler(LatentDiffusionModel model)
{
    /// <summary>Refuses what cannot be drawn, before anything is.</summary>
    /// <exception cref="UserInputException">The request does not fit the model.</exception>
    public void Check(SamplingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Check(model);
        Levels(request, SamplingEnd.Clean);
    }

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
        request.Check(model);
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
        var size = new LatentSize(height, width);
        var sampler = NamedSampler.Find(request.Sampler).Create(request.Eta, model.Config.Schedule.VPosterior);
        using var noise = NoiseSource.FromSeed(request.Seed, inputs.Count, first);
        var levels = Levels(request, sampler.End);
        var start = noise.Next(channels, height, width);
        if (request.Start is { } image)
        {
            levels = SamplingLevels.Partial(levels, image.Strength);
            start = Noising.AddNoise(Encode(image.Image, request.PatchSize), levels[0], start);
        }

        var latents = SamplingLoop.Run(
            sampler,
            GuidedByInput(DenoiserFor(request, inputs, size), request.InputGuidance, inputs, height * factor),
            levels,
            start,
            () => noise.Next(channels, height, width),
            new SamplingOptions
            {
                Progress = progress,
                Known =
                    request.Known.Count == 0
                        ? null
                        : KnownImages.Encode(model, [.. request.Known.Skip(first).Take(inputs.Count)]),
            },
            cancellation
        );
        return request.PatchSize is null
            ? model.DecodeScaled(latents)
            : new TiledFirstStage(model.FirstStage).Decode(latents.div(Scalars.Of(model.ScaleFactor)));
    }

    // The most likely latents, not a draw: the noise on top is the image's only randomness.
    private Tensor Encode(RgbImage image, int? patchSize)
    {
        var pixels = ImageTensors.FromImage(image);
        var latents = patchSize is null
            ? model.FirstStage.ModeOfLatents(model.FirstStage.Encode(pixels))
            : new TiledFirstStage(model.FirstStage).EncodeMode(pixels);
        return latents.mul(Scalars.Of(model.ScaleFactor));
    }

    private IReadOnlyList<NoiseLevel> Levels(SamplingRequest request, SamplingEnd end)
    {
        var schedule = model.Process.Schedule;
        var (steps, spacing) = (
            request.StepsFor(schedule.Timesteps),
            request.Spacing ?? NamedSampler.Find(request.Sampler).DefaultSpacing
        );
        try
        {
            return SamplingLevels.Create(new NoiseLevels(schedule), spacing, steps, end);
        }
        catch (ArgumentOutOfRangeException) when (spacing == Spacing.Reference)
        {
            throw new UserInputException(
                $"With {steps} steps the reference's spacing runs past the last timestep: "
                    + "choose another number of steps, or the spacing uniform."
            );
        }
    }

    private IDenoiser DenoiserFor(SamplingRequest request, List<ConditionInput> inputs, LatentSize size)
    {
        IConditionalDenoiser denoiser = request.PatchSize is { } pixels
            ? new PatchwiseDenoiser(model.Denoiser, new PatchSettings(pixels / model.FirstStage.DownsamplingFactor))
            : model.Denoiser;
        if (model.Conditioner is not { } conditioner)
        {
            return new ConditionedDenoiser(denoiser, Condition.None);
        }

        var negatives = inputs.Select(input => conditioner.Negate(request.Negative, input)).ToList();
        // Guidance away from what is wanted anyway changes nothing.
        var isGuided =
            request.Guidance != 1
            && inputs
                .Zip(negatives)
                .Any(pair => pair.First != pair.Second && !(pair.First.IsNone && pair.Second.IsNone));
        return ClassifierFreeGuidance.Apply(
            denoiser,
            conditioner.Encode(inputs, size),
            isGuided ? conditioner.Encode(negatives, size) : null,
            new GuidanceSettings(request.Guidance, request.GuidanceRescale, request.GuidanceInterval)
        );
    }

    private IDenoiser GuidedByInput(IDenoiser denoiser, double scale, List<ConditionInput> inputs, int height)
    {
        if (scale == 0)
        {
            return denoiser;
        }

        var low = ImageTensors.FromImages([.. inputs.Select(input => input.LowResolution!)]);
        var reduced = ImageOperator.BicubicDownsampling((int)(height / low.shape[2]));
        return new ImageGuidance(denoiser, new GuidanceTarget(low, model.DecodeScaled, reduced), scale);
    }

    /// <summary>Turns the steps of one batch into images done of all.</summary>
    private sealed class PartOfProgress(IProgress<StepProgress> whole, int done, int count, int total)
        : IProgress<StepProgress>
    {
        public void Report(StepProgress value) =>
            whole.Report(value with { Done = done + count * value.Done / value.Total, Total = total });
    }
}
