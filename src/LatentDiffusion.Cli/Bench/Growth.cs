using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Bench;

/// <summary>A point of a curve: one measurement at one value of what grows.</summary>
internal sealed record GrowthPoint(double Value, double Seconds, double PeakRssMb);

/// <summary>Time and memory against one quantity.</summary>
/// <param name="Name">For file names.</param>
/// <param name="Quantity">What grows, for the axis.</param>
/// <param name="What">What is measured.</param>
/// <param name="Points">In ascending order.</param>
internal sealed record GrowthCurve(string Name, string Quantity, string What, IReadOnlyList<GrowthPoint> Points);

/// <summary>How cost grows: the cases and their order on the curves.</summary>
internal static class Growth
{
    private static readonly Sweep[] Sweeps =
    [
        new(
            "image-size",
            "image side, pixels",
            "small kl-f4 autoencoder, decode one image",
            [64, 128, 256, 512, 1024],
            side => ModelCases.Decoder(Autoencoder(), 1, side / 4)
        ),
        new(
            "batch",
            "batch",
            "small UNet forward, 16x16 latents",
            [1, 2, 4, 8, 16, 32],
            batch => ModelCases.UnetForward(ModelCases.SmallUnet, batch, 16, 16)
        ),
        new(
            "steps",
            "DDIM steps",
            "sampling with guidance, batch 4",
            [5, 10, 20, 40],
            steps => ModelCases.Sampling(4, steps)
        ),
        new(
            "tokens",
            "context tokens",
            "small UNet forward, batch 4",
            [1, 16, 77, 256, 1024],
            tokens => ModelCases.UnetForward(ModelCases.SmallUnet, 4, 16, tokens)
        ),
        new(
            "width",
            "model channels",
            "small UNet forward, batch 4",
            [32, 64, 128, 256],
            width => ModelCases.UnetForward(ModelCases.SmallUnet with { ModelChannels = width }, 4, 16, 16)
        ),
        new(
            "latent-size",
            "latent side",
            "small UNet forward, batch 1",
            [16, 32, 64, 128],
            side => ModelCases.UnetForward(ModelCases.SmallUnet, 1, side, 16)
        ),
    ];

    /// <summary>All points as cases that a child process can be asked for.</summary>
    public static IEnumerable<BenchCase> Cases => Sweeps.SelectMany(s => s.Cases.Select(c => c.Case));

    /// <summary>Measures all curves.</summary>
    public static async Task<IReadOnlyList<GrowthCurve>> MeasureAsync(
        Func<BenchCase, Task<BenchResult>> measure,
        IProgress<StepProgress> progress
    )
    {
        var total = Cases.Count();
        var done = 0;
        List<GrowthCurve> curves = [];
        foreach (var sweep in Sweeps)
        {
            List<GrowthPoint> points = [];
            foreach (var (value, benchCase) in sweep.Cases)
            {
                progress.Report(new StepProgress(benchCase.Name, done++, total));
                var result = await measure(benchCase);
                points.Add(new GrowthPoint(value, result.Seconds, result.PeakRssMb));
            }

            curves.Add(new GrowthCurve(sweep.Name, sweep.Quantity, sweep.What, points));
        }

        return curves;
    }

    private static KlAutoencoder Autoencoder() =>
        new(ModelCases.SmallAutoencoder, ModelCases.SmallAutoencoder.ZChannels);

    private sealed record Sweep(string Name, string Quantity, string What, int[] Values, Func<int, BenchWork> Prepare)
    {
        public IEnumerable<(int Value, BenchCase Case)> Cases =>
            Values.Select(value => (value, new BenchCase($"growth-{Name}-{value}", What, () => Prepare(value))));
    }
}
