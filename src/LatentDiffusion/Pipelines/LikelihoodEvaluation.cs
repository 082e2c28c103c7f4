using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Progress;
using LatentDiffusion.Randomness;
using LatentDiffusion.Tensors;
using LatentDiffusion.Text;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>How the likelihood of images is measured.</summary>
public sealed record LikelihoodRequest
{
    /// <summary>The most images, evenly spaced over the data set; null for all.</summary>
    public int? Count { get; init; }

    /// <summary>One of so many timesteps is evaluated, drawn at random, and stands for all of them.</summary>
    public int Every { get; init; } = 1;

    /// <summary>Seed of noise, timesteps and draws of latents.</summary>
    public long Seed { get; init; }

    /// <summary>Ranges of timesteps that the summary tells apart.</summary>
    public int Buckets { get; init; } = 10;
}

/// <summary>What a range of timesteps contributes to the bound.</summary>
/// <param name="First">The first timestep.</param>
/// <param name="Last">The last timestep.</param>
/// <param name="BitsPerDim">The sum of its terms.</param>
public sealed record LikelihoodTerm(int First, int Last, double BitsPerDim);

/// <summary>The bound of a data set, in bits per dimension.</summary>
/// <param name="Count">How many images.</param>
/// <param name="BitsPerDim">The mean bound.</param>
/// <param name="StandardError">Its standard error over images; 0 for one image.</param>
/// <param name="Prior">L_T.</param>
/// <param name="Diffusion">L_1 to L_{T-1} together.</param>
/// <param name="Decoder">L_0.</param>
/// <param name="Terms">L_1 to L_{T-1} by range of timesteps.</param>
/// <param name="Dimensions">Numbers per image: pixels times channels, or elements of its latents.</param>
/// <param name="Kind">Whether pixels or latents were scored.</param>
public sealed record LikelihoodSummary(
    int Count,
    double BitsPerDim,
    double StandardError,
    double Prior,
    double Diffusion,
    double Decoder,
    IReadOnlyList<LikelihoodTerm> Terms,
    int Dimensions,
    BoundDecoder Kind
);

/// <summary>
/// Measures the variational bound of a model on images. A model of pixels is scored on their 256 levels; a latent model on
/// the density of its scaled latents, whose bits compare only between models with the same first stage and scale.
/// </summary>
/// <param name="model">The model; used by one thread at a time.</param>
public sealed class LikelihoodEvaluation(LatentDiffusionModel model)
{
    private const int BatchSize = 16;

    // "LIKE"
    private const long Purpose = 0x4c494b45;

    /// <summary>Measures.</summary>
    /// <param name="images">The images, of a size that suits the model.</param>
    /// <param name="request">How.</param>
    /// <param name="progress">Told after every evaluation of the network.</param>
    /// <param name="cancellation">Checked at every evaluation of the network.</param>
    /// <exception cref="UserInputException">The request or the size does not suit the model.</exception>
    public LikelihoodSummary Measure(
        ImageDataset images,
        LikelihoodRequest request,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(request);
        Check(images, request);
        using var inference = no_grad();
        var timesteps = model.Process.Schedule.Timesteps;
        var indices = EvenlySpaced.Indices(images.Count, request.Count ?? images.Count);
        var batches = indices.Chunk(BatchSize).ToList();
        var (done, total) = (0, batches.Count * VariationalBound.Evaluations(timesteps, request.Every));
        var buckets = Math.Min(request.Buckets, timesteps);
        List<BoundParts> parts = [];
        var dimensions = 0;
        foreach (var (number, batch) in batches.Index())
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator((ulong)DerivedSeed.Of(request.Seed, Purpose, number), CPU);
            var start = Encode(images, batch, generator);
            dimensions = (int)(start.numel() / start.shape[0]);
            var condition = ConditionOf(images, batch);
            parts.Add(
                new VariationalBound(
                    model.Process,
                    (x, t) => PredictStart(x, t, condition),
                    Kind,
                    model.ScaleFactor
                ).Estimate(
                    start,
                    generator,
                    request.Every,
                    () =>
                    {
                        cancellation.ThrowIfCancellationRequested();
                        progress?.Report(new StepProgress("likelihood", ++done, total));
                    }
                )
            );
        }

        return Summarize(parts, buckets, dimensions);
    }

    private BoundDecoder Kind => model.FirstStage is IdentityFirstStage ? BoundDecoder.Pixels : BoundDecoder.Continuous;

    private LikelihoodSummary Summarize(List<BoundParts> parts, int buckets, int dimensions)
    {
        var totals = parts.SelectMany(p => p.Totals).ToList();
        var spread = MeanAndDeviation.Of(totals);
        var terms = parts
            .SelectMany(p => p.Divergences)
            .SelectMany(term => term.Timesteps.Zip(term.Bits))
            .ToLookup(pair => (int)(pair.First * buckets / model.Process.Schedule.Timesteps), pair => pair.Second);
        return new LikelihoodSummary(
            totals.Count,
            spread.Mean,
            totals.Count > 1 ? spread.Deviation / Math.Sqrt(totals.Count - 1) : 0,
            parts.SelectMany(p => p.Prior).Average(),
            terms.Sum(bucket => bucket.Sum()) / totals.Count,
            parts.SelectMany(p => p.Decoder).Average(),
            [
                .. Enumerable
                    .Range(0, buckets)
                    .Select(b => new LikelihoodTerm(First(b), First(b + 1) - 1, terms[b].Sum() / totals.Count)),
            ],
            dimensions,
            Kind
        );

        int First(int bucket) => (int)(((long)bucket * model.Process.Schedule.Timesteps + buckets - 1) / buckets);
    }

    private Tensor Encode(ImageDataset images, int[] indices, Generator generator)
    {
        var pixels = indices.SelectMany(i => PixelRange.ToPlanarFloats(images.GetImage(i))).ToArray();
        var batch = ImageTensors.FromPlanar(pixels, indices.Length, images.Size, images.Size);
        return model
            .FirstStage.SampleLatents(model.FirstStage.Encode(batch), generator)
            .mul(Scalars.Of(model.ScaleFactor));
    }

    private Condition ConditionOf(ImageDataset images, int[] indices)
    {
        if (model.Conditioner is not { } conditioner)
        {
            return Condition.None;
        }

        var (names, known) = (images.Source.ClassNames, model.Config.Classes.ToList());
        return conditioner.Encode([
            .. indices
                .Select(i => images.Source.Describe(i))
                .Select(record => new ConditionInput
                {
                    ClassId =
                        record.ClassId is { } id && known.IndexOf(names[id]) is >= 0 and var position ? position : null,
                    Prompt = record.Caption is { } caption ? Prompt.Plain(caption) : null,
                }),
        ]);
    }

    private Tensor PredictStart(Tensor noisy, Tensor timesteps, Condition condition)
    {
        using var scope = NewDisposeScope();
        var prediction = condition.Predict(model.Unet, noisy, timesteps);
        var start = PredictedStart.Of(
            model.Process,
            model.Config.Objective.Parameterization,
            noisy,
            timesteps,
            prediction
        );
        // Scaled pixels lie in a known range, and so may what is expected of them.
        var range = model.ScaleFactor;
        return (
            Kind == BoundDecoder.Pixels ? start.clamp(Scalars.Of(-range), Scalars.Of(range)) : start
        ).MoveToOuterDisposeScope();
    }

    private void Check(ImageDataset images, LikelihoodRequest request)
    {
        if (model.Config.Conditioner?.UsesPictures == true)
        {
            throw new UserInputException(
                "The model is shown pictures or boxes, which the likelihood is not measured with: choose a model of images, "
                    + "classes or text."
            );
        }

        if (images.Size % model.SizeMultiple != 0)
        {
            throw new UserInputException(
                $"Images of {images.Size} pixels do not suit the model: the size must be a multiple of {model.SizeMultiple}."
            );
        }

        var timesteps = model.Process.Schedule.Timesteps;
        if (request.Every < 1 || request.Every > timesteps)
        {
            throw new UserInputException($"Every {request.Every} timesteps: choose 1 to {timesteps}.");
        }

        if (request.Count < 1)
        {
            throw new UserInputException($"{request.Count} images: choose at least 1.");
        }
    }
}
