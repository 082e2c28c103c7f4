using LatentDiffusion.Diffusion;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

/// <summary>
/// With the exact denoiser of a Gaussian mixture every deterministic sampler follows the same probability flow, as fast as
/// its order says.
/// </summary>
public sealed class ConvergenceTests
{
    private const double SmallestSlope = 0.25;
    private static readonly NoiseLevels Schedule = new(NoiseSchedule.Create(new NoiseScheduleConfig()));
    private static readonly double[] Start = [1.2, -0.4, -0.7, 0.9, 0.1, 1.5, -1.1, -1.3];
    private static readonly double[] Endpoint = FlowByRungeKutta(GaussianMixture.Lumps);

    public static TheoryData<string, double> Orders =>
        new()
        {
            { "euler", 1 },
            { "ddim", 1 },
            { "heun", 2 },
            { "dpmpp-2m", 2 },
            { "unipc-2", 2 },
            { "unipc-3", 2 },
        };

    [Theory]
    [MemberData(nameof(Orders))]
    public void Errors_fall_with_the_order_of_the_method(string name, double order)
    {
        // The last step to x_0 is every sampler's own business, so the way ends just above it and D(x) is taken there.
        int[] steps = [20, 40, 80, 160];
        var errors = steps.Select(s => Error(Create(name), s)).ToArray();

        // The slope of a straight line through log error over log steps.
        var (x, y) = (steps.Select(s => Math.Log(s)).ToArray(), errors.Select(e => Math.Log(e)).ToArray());
        var slope =
            x.Zip(y, (a, b) => (a - x.Average()) * (b - y.Average())).Sum()
            / x.Sum(a => (a - x.Average()) * (a - x.Average()));
        Assert.True(
            -slope > order - SmallestSlope,
            $"{name}: slope {slope:f2} from errors {string.Join(", ", errors.Select(e => $"{e:g3}"))}"
        );
        Assert.True(errors[^1] < 0.05, $"{name}: {errors[^1]}");
    }

    // Its weights are those of even steps in time, which these are not: no full order to expect.
    [Fact]
    public void Plms_converges_and_beats_euler()
    {
        var (coarse, fine) = (Error(new PlmsSampler(), 80), Error(new PlmsSampler(), 320));

        Assert.True(fine < coarse / 4, $"{coarse} with 80 steps, {fine} with 320");
        Assert.True(coarse < Error(new EulerSampler(), 80) / 4);
    }

    [Fact]
    public void Better_methods_are_better_at_twenty_steps()
    {
        var euler = Error(new EulerSampler(), 20);

        Assert.True(Error(new DpmSolverSampler(), 20) < euler / 2);
        Assert.True(Error(new UniPcSampler(3), 20) < euler / 2);
        Assert.True(Error(new HeunSampler(), 20) < euler / 2);
    }

    [Theory]
    [InlineData("heun", 19)]
    [InlineData("dpmpp-2m", 10)]
    [InlineData("unipc-3", 10)]
    [InlineData("euler", 10)]
    public void Evaluations_are_what_the_method_needs(string name, int evaluations)
    {
        var mixture = new GaussianMixture(new GaussianMixture.Component(1, [0, 0], 1));
        using var start = torch.tensor(Start, [4, 2, 1, 1]);
        using var end = Sample(Create(name), mixture, 10, start);

        Assert.Equal(evaluations, mixture.Evaluations);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Euler_and_ddim_of_the_same_eta_are_one_method(double eta)
    {
        using var scope = torch.NewDisposeScope();
        var start = torch.tensor(Start, [4, 2, 1, 1]);
        var levels = SamplingLevels.Create(Schedule, Spacing.Karras, 12, SamplingEnd.Clean);
        using var first = new SeededNoise(3, 4, 2, 1, 1);
        using var second = new SeededNoise(3, 4, 2, 1, 1);

        TensorAssert.Close(
            Sampling.Run(new EulerSampler(eta), GaussianMixture.Lumps, levels, start, first.Next),
            Sampling.Run(new DdimSampler(eta), GaussianMixture.Lumps, levels, start, second.Next),
            1e-9
        );
    }

    [Fact]
    public void The_stochastic_solver_without_noise_is_the_deterministic_one()
    {
        using var scope = torch.NewDisposeScope();
        var start = torch.tensor(Start, [4, 2, 1, 1]);
        using var noise = new SeededNoise(3, 4, 2, 1, 1);
        var levels = SamplingLevels.Create(Schedule, Spacing.Karras, 12, SamplingEnd.Clean);

        TensorAssert.Close(
            Sampling.Run(new DpmSolverSampler(1e-9), GaussianMixture.Lumps, levels, start, noise.Next),
            Sampling.Run(new DpmSolverSampler(), GaussianMixture.Lumps, levels, start, noise.Next),
            1e-3
        );
    }

    [Theory]
    [InlineData("euler")]
    [InlineData("ddim")]
    [InlineData("heun")]
    [InlineData("dpmpp-2m")]
    [InlineData("unipc-2")]
    [InlineData("unipc-3")]
    public void A_start_without_any_signal_leads_to_finite_samples(string name)
    {
        var schedule = new NoiseLevels([.. Enumerable.Range(1, 100).Select(i => 1 - i / 100.0)]);
        using var start = torch.tensor(Start, [4, 2, 1, 1]);
        foreach (var spacing in new[] { Spacing.Trailing, Spacing.Karras })
        {
            using var end = Sampling.Run(
                Create(name),
                GaussianMixture.Lumps,
                SamplingLevels.Create(schedule, spacing, 30, SamplingEnd.Clean),
                start
            );
            Assert.All(TensorAssert.Values(end), value => Assert.InRange(value, -3, 3));
        }
    }

    private static ISampler Create(string name) =>
        name switch
        {
            "unipc-2" => new UniPcSampler(2),
            "unipc-3" => new UniPcSampler(3),
            _ => NamedSampler.Find(name).Create(),
        };

    private static double Error(ISampler sampler, int steps)
    {
        using var start = torch.tensor(Start, [4, 2, 1, 1]);
        using var end = Sample(sampler, GaussianMixture.Lumps, steps, start);
        return TensorAssert.Values(end).Zip(Endpoint, (a, b) => Math.Abs(a - b)).Max();
    }

    private static torch.Tensor Sample(ISampler sampler, IDenoiser denoiser, int steps, torch.Tensor start) =>
        Sampling.Run(
            sampler,
            denoiser,
            SamplingLevels.Create(Schedule, Spacing.Exponential, steps, SamplingEnd.Clean),
            start
        );

    /// <summary>dx/du = x - D(x) for x = x_t / signal over u = log sigma, from the last level to the first; then D.</summary>
    private static double[] FlowByRungeKutta(GaussianMixture mixture)
    {
        const int Steps = 4000;
        var (top, bottom) = (-Schedule.Last.LogSnr, -Schedule.First.LogSnr);
        var h = (bottom - top) / Steps;
        var result = new double[Start.Length];
        for (var point = 0; point < Start.Length; point += 2)
        {
            double[] x = [Start[point] / Schedule.Last.Signal, Start[point + 1] / Schedule.Last.Signal];
            for (var i = 0; i < Steps; i++)
            {
                var u = top + i * h;
                var k1 = Slope(mixture, x, u);
                var k2 = Slope(mixture, Add(x, k1, h / 2), u + h / 2);
                var k3 = Slope(mixture, Add(x, k2, h / 2), u + h / 2);
                var k4 = Slope(mixture, Add(x, k3, h), u + h);
                x = [.. x.Select((v, j) => v + h / 6 * (k1[j] + 2 * k2[j] + 2 * k3[j] + k4[j]))];
            }

            mixture.Clean([.. x.Select(v => v * Schedule.First.Signal)], Schedule.First, result.AsSpan(point, 2));
        }

        return result;
    }

    private static double[] Slope(GaussianMixture mixture, double[] x, double logSigma)
    {
        var level = NoiseLevel.FromLogSnr(0, -logSigma);
        var clean = new double[2];
        mixture.Clean([.. x.Select(v => v * level.Signal)], level, clean);
        return [x[0] - clean[0], x[1] - clean[1]];
    }

    private static double[] Add(double[] x, double[] slope, double h) => [.. x.Zip(slope, (a, b) => a + h * b)];
}
