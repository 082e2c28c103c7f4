using LatentDiffusion.Imaging;
using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data.Degradations;

/// <summary>
/// The blind super-resolution degradation (LDM-BSR, after BSRGAN): blurs, reductions, noise and JPEG in random order and
/// strength, so that the model learns to repair images of unknown history.
/// </summary>
public sealed record BsrDegradation : Degradation
{
    // "BSRD".
    private const long Purpose = 0x42535244;
    private const int LargeKernel = 25;

    private static readonly Interpolation[] Interpolations =
    [
        Interpolation.Linear,
        Interpolation.Cubic,
        Interpolation.Area,
    ];

    /// <summary>How strong the degradation is.</summary>
    public BsrStrength Strength { get; init; } = BsrStrength.Full;

    /// <summary>
    /// Cuts images as the reference code does, which takes the height's remainder from the width and the other way round;
    /// other than square images then lose more than they need to, and sizes may not divide. Off: cut rightly.
    /// </summary>
    public bool SwapCutAxes { get; init; }

    /// <inheritdoc/>
    public override DegradedPair Apply(RgbImage image, long seed)
    {
        ArgumentNullException.ThrowIfNull(image);
        CheckSize(image.Width, image.Height);
        var high = SwapCutAxes ? CutSwapped(image) : CutToMultiple(image);
        var steps = Plan(high.Width, high.Height, seed);
        var low = FloatImage.Of(high);
        foreach (var step in steps.SkipLast(1))
        {
            low = step.Apply(low);
        }

        return new DegradedPair(high, ((JpegStep)steps[^1]).Compress(low.ToImage()));
    }

    /// <summary>What would be done to an image of this size, in order. The last step is always a JPEG compression.</summary>
    /// <param name="width">Width in pixels, at least the scale.</param>
    /// <param name="height">Height in pixels, at least the scale.</param>
    /// <param name="seed">Seed of all random choices.</param>
    public IReadOnlyList<DegradationStep> Plan(int width, int height, long seed)
    {
        CheckSize(width, height);
        var settings = BsrSettings.Of(Strength);
        var random = new RandomStream(DerivedSeed.Of(seed, Purpose));
        var steps = new List<DegradationStep>();
        var scale = Scale;
        if (scale == 4 && random.Uniform() < settings.EarlyHalving)
        {
            (width, height) = (Math.Max(1, width / 2), Math.Max(1, height / 2));
            steps.Add(
                new ResizeStep(
                    width,
                    height,
                    random.Uniform() < 0.5 ? random.Choice(Interpolations) : Interpolation.MatlabCubic
                )
            );
            scale = 2;
        }

        // The size from which the final reduction is reckoned, whatever the first one leaves.
        var (finalWidth, finalHeight) = (Math.Max(1, width / scale), Math.Max(1, height / scale));
        foreach (var operation in Order(random))
        {
            switch (operation)
            {
                case Operation.Blur:
                case Operation.SecondBlur when settings.BlursTwice:
                    steps.Add(new BlurStep(DrawKernel(random, settings, scale)));
                    break;
                case Operation.Reduce:
                    steps.Add(DrawReduction(random, settings, scale, width, height));
                    break;
                case Operation.ReduceToEnd:
                    steps.Add(new ResizeStep(finalWidth, finalHeight, random.Choice(Interpolations)));
                    break;
                case Operation.Noise:
                    steps.Add(DrawNoise(random, settings));
                    break;
                case Operation.Compress when random.Uniform() < settings.Compression:
                    steps.Add(DrawCompression(random, settings));
                    break;
                default:
                    break;
            }
        }

        steps.Add(DrawCompression(random, settings));
        return steps;
    }

    private static Operation[] Order(RandomStream random)
    {
        var order = Enum.GetValues<Operation>();
        random.Shuffle(order.AsSpan());
        var (first, last) = (Array.IndexOf(order, Operation.Reduce), Array.IndexOf(order, Operation.ReduceToEnd));
        if (first > last)
        {
            (order[first], order[last]) = (order[last], order[first]);
        }

        return order;
    }

    private static BlurKernel DrawKernel(RandomStream random, BsrSettings settings, int scale)
    {
        var variance = (4.0 + scale) / settings.BlurDivisor;
        var deviation = (2 + 0.2 * scale) / settings.BlurDivisor;
        if (random.Uniform() < 0.5)
        {
            var (first, second) = (variance * random.Uniform(), variance * random.Uniform());
            var size = settings.AnisotropicStep * random.Between(2, 11) + 3;
            return BlurKernel.Anisotropic(size, random.Uniform() * Math.PI, first, second);
        }

        var isotropic = settings.IsotropicStep * random.Between(2, settings.LargestIsotropic) + 3;
        return BlurKernel.Gaussian(isotropic, deviation * random.Uniform());
    }

    private static DegradationStep DrawReduction(
        RandomStream random,
        BsrSettings settings,
        int scale,
        int width,
        int height
    )
    {
        if (random.Uniform() < settings.ReductionByResize)
        {
            var factor = 1 / random.Uniform(1, 2 * scale);
            return new ResizeStep(
                Math.Max(1, (int)(factor * width)),
                Math.Max(1, (int)(factor * height)),
                random.Choice(Interpolations)
            );
        }

        var kernel = BlurKernel.Gaussian(LargeKernel, random.Uniform(0.1, 0.6 * scale));
        return new SubsampleStep(kernel.ShiftedFor(scale), scale);
    }

    private static GaussianNoiseStep DrawNoise(RandomStream random, BsrSettings settings)
    {
        var level = random.Between(settings.LeastNoise, settings.MostNoise) / 255.0;
        var kind = random.Uniform();
        return kind > 0.6 ? new(NoiseColour.Independent, level, random.NextBits())
            : kind < 0.4 ? new(NoiseColour.Grey, level, random.NextBits())
            : new(NoiseColour.Correlated, settings.MostNoise / 255.0, random.NextBits());
    }

    private static JpegStep DrawCompression(RandomStream random, BsrSettings settings) =>
        new(random.Between(settings.LeastQuality, BsrSettings.MostQuality));

    private RgbImage CutSwapped(RgbImage image) =>
        image.Crop(
            0,
            0,
            Math.Min(image.Width, image.Height - image.Height % Scale),
            Math.Min(image.Height, image.Width - image.Width % Scale)
        );

    private enum Operation
    {
        Blur,
        SecondBlur,
        Reduce,
        ReduceToEnd,
        Noise,
        Compress,

        // Raw sensor noise needs a network that the reference code does not use either; it keeps its place in the order.
        Sensor,
    }
}
