using System.Diagnostics;
using LatentDiffusion.Kernels;
using static TorchSharp.torch;

namespace LatentDiffusion.Cli.Bench;

/// <summary>Times a case in this process.</summary>
internal static class Measurement
{
    private const int FewestRepeats = 3;
    private const int PeakRepeats = 5;
    private const double WarmUpShare = 0.4;
    private const double Mega = 1e6;

    /// <summary>Warms up, repeats for the given time, and then measures what the machine can do at its best.</summary>
    /// <param name="benchCase">The case.</param>
    /// <param name="budget">Time for the repeats; at least three are made. Zero makes one.</param>
    public static BenchResult Take(BenchCase benchCase, TimeSpan budget)
    {
        using var work = benchCase.Prepare();
        if (work.IsLong)
        {
            budget = TimeSpan.Zero;
        }
        else
        {
            WarmUp(work, WarmUpShare * budget);
        }

        List<double> seconds = [];
        List<double> limits = [];
        var all = Stopwatch.StartNew();
        do
        {
            var one = Stopwatch.StartNew();
            work.Run();
            seconds.Add(one.Elapsed.TotalSeconds);
            if (work.Limit is { } limit)
            {
                one.Restart();
                limit();
                limits.Add(one.Elapsed.TotalSeconds);
            }
        } while (budget > TimeSpan.Zero && (seconds.Count < FewestRepeats || all.Elapsed < budget));

        seconds.Sort();
        var median = seconds[seconds.Count / 2];
        var memory = PeakMemory.Megabytes();
        return new BenchResult(
            benchCase.Name,
            benchCase.Shape,
            seconds.Count,
            median,
            seconds[seconds.Count / 10],
            seconds[^(seconds.Count / 10 + 1)],
            work.MultiplyAdds / 1e9,
            MachinePeak(),
            memory,
            work.WeightBytes / Mega,
            work.Yield?.Unit,
            work.Yield?.PerRun / median
        )
        {
            ShareOfLimit = limits.Count > 0 ? limits.Order().ElementAt(limits.Count / 2) / median : null,
        };
    }

    // The runtime compiles hot methods again while they run.
    private static void WarmUp(BenchWork work, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        do
        {
            work.Run();
        } while (watch.Elapsed < time);
    }

    /// <summary>The better of a large direct convolution and a large matrix product through libtorch, in GFLOP/s.</summary>
    private static double MachinePeak()
    {
        const int Size = 2048;
        const int Channels = 256;
        const int Side = 128;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var plain = KernelChoice.Use(KernelKind.Plain);
        var (a, b) = (rand(Size, Size), rand(Size, Size));
        var map = rand(1, Side, Side, Channels).permute(0, 3, 1, 2);
        var weight = rand(Channels, 3, 3, Channels).permute(0, 3, 1, 2);
        var product = 2.0 * Size * Size * Size / Fastest(() => a.mm(b).Dispose());
        var convolution =
            2.0
            * Side
            * Side
            * Channels
            * Channels
            * 9
            / Fastest(() => nn.functional.conv2d(map, weight, padding: [1, 1]).Dispose());
        return Math.Max(product, convolution) / 1e9;
    }

    private static double Fastest(Action run)
    {
        run();
        return Enumerable
            .Range(0, PeakRepeats)
            .Min(_ =>
            {
                var watch = Stopwatch.StartNew();
                run();
                return watch.Elapsed.TotalSeconds;
            });
    }
}
