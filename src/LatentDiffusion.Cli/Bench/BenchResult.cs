namespace LatentDiffusion.Cli.Bench;

/// <summary>The machine that a measurement is from.</summary>
internal sealed record BenchMachine(string Processor, int Cores, int Threads, string Kernels);

/// <summary>One measured case. Times are of one run.</summary>
/// <param name="Name">The case.</param>
/// <param name="Shape">What was computed.</param>
/// <param name="Repeats">Timed runs.</param>
/// <param name="Seconds">Median.</param>
/// <param name="Lower">The fastest tenth ends here.</param>
/// <param name="Upper">The slowest tenth begins here.</param>
/// <param name="Gmac">Billions of multiply-adds per run; 1 multiply-add is 2 FLOP.</param>
/// <param name="PeakGflops">What a large direct convolution or matrix product of libtorch reached right after the case.</param>
/// <param name="PeakRssMb">The process's peak resident memory in MB (10^6 bytes).</param>
/// <param name="WeightsMb">Of which weights.</param>
/// <param name="Unit">What <paramref name="UnitsPerSecond"/> counts.</param>
/// <param name="UnitsPerSecond">Throughput.</param>
internal sealed record BenchResult(
    string Name,
    string Shape,
    int Repeats,
    double Seconds,
    double Lower,
    double Upper,
    double? Gmac,
    double PeakGflops,
    double PeakRssMb,
    double WeightsMb,
    string? Unit,
    double? UnitsPerSecond
)
{
    /// <summary>Billions of floating-point operations per second, as if every convolution were computed directly.</summary>
    public double? Gflops => 2 * Gmac / Seconds;

    /// <summary>Throughput as a share of what the core of the work reaches without what surrounds it, or null.</summary>
    public double? ShareOfLimit { get; init; }

    /// <summary><see cref="Gflops"/> as a share of <see cref="PeakGflops"/>.</summary>
    public double? Share => Gflops / PeakGflops;
}

/// <summary>Everything that one call of <c>ldm bench</c> measured.</summary>
internal sealed record BenchReport(BenchMachine Machine, IReadOnlyList<BenchResult> Cases);
