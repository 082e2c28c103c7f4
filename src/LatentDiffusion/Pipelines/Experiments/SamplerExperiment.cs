using System.Diagnostics;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Progress;
using LatentDiffusion.Samplers;

namespace LatentDiffusion.Pipelines.Experiments;

/// <summary>A sampler with a number of steps.</summary>
/// <param name="Sampler">Its name, see <see cref="NamedSampler"/>.</param>
/// <param name="Spacing">How the steps are spread.</param>
/// <param name="Steps">How many.</param>
public sealed record SamplerCell(string Sampler, Spacing Spacing, int Steps)
{
    /// <summary>What it costs per image, in evaluations of the network.</summary>
    public double Cost => (double)Steps * NamedSampler.Find(Sampler).EvaluationsPerStep;
}

/// <summary>What was measured of a <see cref="SamplerCell"/>.</summary>
/// <param name="Cell">Which it is.</param>
/// <param name="ToReal">The distance to real images.</param>
/// <param name="ToReconstructions">The Frechet distance to what the first stage makes of them.</param>
/// <param name="SecondsPerImage">Time to draw, decoding included.</param>
/// <param name="Shown">The first samples.</param>
public sealed record SamplerMeasurement(
    SamplerCell Cell,
    SampleMeasures ToReal,
    double ToReconstructions,
    double SecondsPerImage,
    IReadOnlyList<RgbImage> Shown
);

/// <summary>
/// Compares samplers by quality against steps (as LDM figure 7 and table 18 do for DDIM): every one draws the same conditions from
/// the same seeds.
/// </summary>
/// <param name="model">The model; used by one thread at a time.</param>
/// <param name="network">Measures; not disposed.</param>
/// <param name="real">What samples are compared with, seen by the same network.</param>
/// <param name="request">Conditions, first seed, guidance; sampler, steps and spacing are replaced.</param>
public sealed class SamplerExperiment(
    LatentDiffusionModel model,
    IFeatureNetwork network,
    RealImages real,
    SamplingRequest request
)
{
    private readonly ImageSampler _sampler = new(model);

    /// <summary>The request of a cell.</summary>
    public static SamplingRequest RequestOf(SamplingRequest request, SamplerCell cell)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(cell);
        return request with { Sampler = cell.Sampler, Spacing = cell.Spacing, Steps = cell.Steps };
    }

    /// <summary>Draws a few images, so that no measured time includes what only the first images cost.</summary>
    public void WarmUp(CancellationToken cancellation = default) =>
        _sampler.Sample(
            request with
            {
                Inputs = [.. request.Inputs.Take(request.BatchSize)],
                Steps = 2,
            },
            progress: null,
            cancellation
        );

    /// <summary>Draws and measures.</summary>
    /// <param name="cell">With which sampler.</param>
    /// <param name="shown">How many samples to return; the others are not kept.</param>
    /// <param name="progress">Told how many images are drawn, after every step.</param>
    /// <param name="cancellation">Checked before every step.</param>
    /// <exception cref="Errors.UserInputException">The cell does not fit the model.</exception>
    public SamplerMeasurement Measure(
        SamplerCell cell,
        int shown,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        var cellRequest = RequestOf(request, cell);
        var total = request.Inputs.Count;
        var features = new ImageFeatures(network);
        List<RgbImage> kept = [];
        var time = TimeSpan.Zero;
        foreach (var inputs in request.Inputs.Chunk(request.BatchSize))
        {
            var done = features.Count;
            var start = Stopwatch.GetTimestamp();
            var images = _sampler.Sample(
                cellRequest with
                {
                    Inputs = inputs,
                    Seed = request.Seed + done,
                },
                progress is null ? null : new OfAll(progress, done, total),
                cancellation
            );
            time += Stopwatch.GetElapsedTime(start);
            features.Add(images);
            kept.AddRange(images.Take(shown - kept.Count));
        }

        return new SamplerMeasurement(
            cell,
            SampleMeasures.Between(real.Images, features, request.Seed),
            Metrics.FrechetDistance.Between(real.Reconstructions.ToMoments(), features.ToMoments()),
            time.TotalSeconds / total,
            kept
        );
    }

    private sealed class OfAll(IProgress<StepProgress> whole, int done, int total) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => whole.Report(value with { Done = done + value.Done, Total = total });
    }
}
