using LatentDiffusion.Data;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Conditions;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tensors;
using LatentDiffusion.Training.Experiments;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Samples to measure at.</summary>
/// <param name="Latents">x_0, [B, C, h, w], scaled.</param>
/// <param name="Timesteps">[B], int64.</param>
/// <param name="Noise">[B, C, h, w].</param>
/// <param name="Inputs">Class and caption of each sample.</param>
internal sealed record ValidationBatch(
    Tensor Latents,
    Tensor Timesteps,
    Tensor Noise,
    IReadOnlyList<ConditionInput> Inputs
);

/// <summary>
/// Latents with fixed timesteps and fixed noise: measurements at them differ by the network alone, also between runs with
/// other seeds.
/// </summary>
internal sealed class ValidationSet : IDisposable
{
    private const int BatchSize = 32;

    // So that every range of timesteps is seen, images are repeated where there are few.
    private const int LeastPerBucket = 8;

    // "VALI". Not the run's seed, or runs could not be compared.
    private const long Seed = 0x56414c49;

    // Multiples of the golden ratio fill [0, 1) evenly, however many there are, and in no order that classes have.
    private const double GoldenRatio = 0.618033988749894848;

    private readonly Tensor _latents;
    private readonly ConditionInput[] _inputs;
    private readonly int _timesteps;
    private readonly int _buckets;

    /// <summary>Encodes the images.</summary>
    /// <param name="firstStage">The frozen first stage.</param>
    /// <param name="dataset">The images.</param>
    /// <param name="most">The most images to use.</param>
    /// <param name="timesteps">T.</param>
    /// <param name="buckets">Ranges of timesteps.</param>
    public ValidationSet(FirstStage firstStage, ImageDataset dataset, int most, int timesteps, int buckets)
    {
        (_timesteps, _buckets) = (timesteps, buckets);
        var indices = EvenlySpaced.Indices(dataset.Count, most);
        _inputs = [.. indices.Select(i => ImageConditions.Of(dataset, epoch: 0, i))];
        using var encoded = ImageEncoding.Encode(firstStage, dataset, indices, _ => { });
        using var generator = new Generator((ulong)Seed, CPU);
        using var noGradient = no_grad();
        _latents = firstStage.SampleLatents(encoded, generator).DetachFromDisposeScope();
        Length = Math.Max(indices.Count, LeastPerBucket * buckets);
    }

    /// <summary>Opens images for validation: the same in every run.</summary>
    /// <param name="config">What to validate on.</param>
    /// <param name="classes">The classes of the training images that matter; none for an unconditional model.</param>
    /// <exception cref="UserInputException">The images cannot be used, or have other classes.</exception>
    public static ImageDataset Open(ValidationConfig config, IReadOnlyList<string> classes)
    {
        var images = config.Images.OpenDataset(Seed);
        return classes.Count == 0 || images.Source.ClassNames.SequenceEqual(classes)
            ? images
            : throw new UserInputException(
                $"The classes of validation.images ({string.Join(", ", images.Source.ClassNames)}) are not those of the "
                    + $"training images ({string.Join(", ", classes)}): give images of the same classes."
            );
    }

    /// <summary>The number of measurements.</summary>
    public int Length { get; }

    /// <summary>Means of measurements over all samples, and over those of each range of timesteps.</summary>
    /// <param name="scale">Factor on latents.</param>
    /// <param name="measure">Names and values [B] of a batch; called without gradients, in a dispose scope.</param>
    /// <param name="cancellation">Checked before every batch.</param>
    /// <returns>"name", and "name_t0-99" and so on.</returns>
    public IReadOnlyDictionary<string, double> Measure(
        double scale,
        Func<ValidationBatch, IEnumerable<(string Name, Tensor Values)>> measure,
        CancellationToken cancellation
    )
    {
        using var noGradient = no_grad();
        List<(string Name, int Timestep, double Value)> all = [];
        foreach (var (number, samples) in Enumerable.Range(0, Length).Chunk(BatchSize).Index())
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var timesteps = samples.Select(TimestepOf).ToArray();
            foreach (var (name, values) in measure(Batch(scale, samples, timesteps, number)))
            {
                var numbers = values.to(float64).cpu().data<double>().ToArray();
                all.AddRange(timesteps.Zip(numbers, (t, value) => (name, (int)t, value)));
            }
        }

        return Means(all, m => m.Name).Concat(Means(all, m => m.Name + BucketOf(m.Timestep))).ToDictionary();
    }

    /// <summary>Some images, each at several timesteps from little noise to much.</summary>
    /// <param name="scale">Factor on latents.</param>
    /// <param name="rows">The most images.</param>
    /// <param name="columns">The most timesteps.</param>
    /// <returns>Class ids of the rows, timesteps of the columns, and the samples row by row.</returns>
    public (IReadOnlyList<int> Rows, IReadOnlyList<int> Columns, ValidationBatch Samples) Grid(
        double scale,
        int rows,
        int columns
    )
    {
        var images = EvenlySpaced.Indices(_inputs.Length, rows);
        var timesteps = EvenlySpaced.Indices(_timesteps, columns);
        var batch = Batch(
            scale,
            [.. images.SelectMany(i => Enumerable.Repeat(i, timesteps.Count))],
            [.. images.SelectMany(_ => timesteps.Select(t => (long)t))],
            number: -1
        );
        return ([.. images.Select(i => _inputs[i]).ClassIds()], timesteps, batch);
    }

    public void Dispose() => _latents.Dispose();

    private ValidationBatch Batch(double scale, int[] samples, long[] timesteps, int number)
    {
        var images = samples.Select(s => s % _inputs.Length).ToArray();
        var latents = _latents.index_select(0, tensor(images.Select(i => (long)i).ToArray())).mul(Scalars.Of(scale));
        using var source = NoiseSource.Derived(Seed, samples.Length, number);
        var noise = source.Next(latents.shape[1], latents.shape[2], latents.shape[3]);
        return new ValidationBatch(latents, tensor(timesteps), noise, [.. images.Select(i => _inputs[i])]);
    }

    private long TimestepOf(int sample) => (long)((sample + 1) * GoldenRatio % 1 * _timesteps);

    private string BucketOf(int timestep)
    {
        var bucket = (int)((long)timestep * _buckets / _timesteps);
        return $"_t{First(bucket)}-{First(bucket + 1) - 1}";

        // The smallest timestep t with t * buckets / timesteps = bucket.
        long First(int b) => ((long)b * _timesteps + _buckets - 1) / _buckets;
    }

    private static IEnumerable<KeyValuePair<string, double>> Means(
        IEnumerable<(string Name, int Timestep, double Value)> all,
        Func<(string Name, int Timestep, double Value), string> key
    ) => all.OrderBy(m => m.Timestep).GroupBy(key).Select(g => KeyValuePair.Create(g.Key, g.Average(m => m.Value)));
}
