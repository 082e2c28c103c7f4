using LatentDiffusion.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion;

public sealed class VariationalBoundTests
{
    private const double DataDeviation = 0.7;

    [Fact]
    public void The_prior_term_equals_the_reference()
    {
        using var scope = torch.NewDisposeScope();
        using var process = new DiffusionProcess(NoiseSchedule.Create(new NoiseScheduleConfig()));

        var bits = TensorAssert.Values(VariationalBound.Prior(process, FormulaInput.X([2, 3, 4, 4], 0.05)));

        // The reference subtracts in float32 what is nearly equal.
        var expected = GoldenCase.Load("diffusion", "prior_bpd").Tensor("out").Data;
        Assert.All(expected.Zip(bits), pair => Assert.Equal(pair.First, pair.Second, 1e-7));
    }

    [Fact]
    public void The_bound_of_gaussian_data_comes_down_to_its_likelihood()
    {
        var (coarse, fine) = (Gap(timesteps: 100), Gap(timesteps: 400));

        // It is a bound, whose gap falls with the length of the steps.
        Assert.True(fine > -0.01, $"{fine}");
        Assert.True(fine < 0.15, $"{fine}");
        Assert.InRange(coarse / fine, 2.8, 5);
    }

    [Fact]
    public void A_worse_denoiser_has_a_larger_bound()
    {
        using var scope = torch.NewDisposeScope();
        using var process = Process(timesteps: 100);
        using var start = Data(16);
        var best = Bound(process, start, x => x);

        Assert.True(Bound(process, start, x => x.mul(0.9)) > best + 0.02);
        Assert.True(Bound(process, start, x => x.add(0.05)) > best + 0.02);
    }

    [Fact]
    public void A_draw_from_every_block_of_timesteps_stands_for_all_of_them()
    {
        using var scope = torch.NewDisposeScope();
        using var process = Process(timesteps: 400);
        using var start = Data(32);

        var whole = Bound(process, start, x => x);
        var part = Bound(process, start, x => x, every: 7);

        Assert.Equal(whole, part, 0.05);
    }

    [Fact]
    public void Another_reverse_variance_costs_something()
    {
        using var scope = torch.NewDisposeScope();
        using var start = Data(16);
        var betas = Betas(100);
        using var posterior = new DiffusionProcess(new NoiseSchedule(betas));
        using var mixed = new DiffusionProcess(new NoiseSchedule(betas, posteriorShare: 0.5));
        var t = torch.full([16], 60, dtype: torch.int64);
        var noise = FormulaInput.X(start.shape, 0.7);

        // A perfect prediction leaves the divergence of the variances alone.
        var equal = new VariationalBound(posterior, (_, _) => start.alias(), BoundDecoder.Continuous);
        var unequal = new VariationalBound(mixed, (_, _) => start.alias(), BoundDecoder.Continuous);
        Assert.Equal(0, equal.Divergence(start, t, noise)[0].item<double>(), 1e-9);
        var ratio = posterior.Schedule.PosteriorVariance[60] / mixed.Schedule.PosteriorVariance[60];
        Assert.Equal(
            (ratio - 1 - Math.Log(ratio)) / 2 / Math.Log(2),
            unequal.Divergence(start, t, noise)[0].item<double>(),
            1e-9
        );
    }

    [Theory]
    [InlineData(0.3, 1)]
    [InlineData(-1, 1)]
    [InlineData(0.99, 1)]
    [InlineData(-0.3, 0.5)]
    [InlineData(2.9, 3)]
    public void The_probabilities_of_all_pixel_levels_sum_to_one(double prediction, double range)
    {
        using var scope = torch.NewDisposeScope();
        using var process = new DiffusionProcess(NoiseSchedule.Create(new NoiseScheduleConfig()));
        var levels = torch.arange(256).to(torch.float32).div(127.5).sub(1).mul(range).reshape(256, 1, 1, 1);
        var bound = new VariationalBound(process, (x, _) => torch.full_like(x, prediction), BoundDecoder.Pixels, range);

        var bits = bound.Decoder(levels, torch.zeros(256, 1, 1, 1));

        // The levels themselves are rounded to float32.
        Assert.Equal(1, TensorAssert.Values(bits).Sum(b => Math.Pow(2, -b)), 1e-6);
        Assert.All(TensorAssert.Values(bits), b => Assert.True(double.IsFinite(b)));
    }

    [Fact]
    public void The_number_of_evaluations_is_known_before()
    {
        using var scope = torch.NewDisposeScope();
        using var start = Data(1);
        foreach (var (timesteps, every) in new[] { (10, 1), (10, 3), (10, 4), (10, 10), (2, 1), (1, 1) })
        {
            using var process = Process(timesteps);
            using var generator = new torch.Generator(1, torch.CPU);
            var count = 0;
            Optimal(process, x => x).Estimate(start, generator, every, () => count++);
            Assert.Equal(VariationalBound.Evaluations(timesteps, every), count);
        }
    }

    // Steps of equal length in log SNR, which is where a finer schedule comes nearer to continuous time.
    private static double[] Betas(int timesteps)
    {
        const double First = 8;
        const double Last = -10;
        double AlphaBar(int t) =>
            t < 0 ? 1 : 1 / (1 + Math.Exp(-(First + (Last - First) * t / Math.Max(1, timesteps - 1))));
        return [.. Enumerable.Range(0, timesteps).Select(t => 1 - AlphaBar(t) / AlphaBar(t - 1))];
    }

    private static DiffusionProcess Process(int timesteps) => new(new NoiseSchedule(Betas(timesteps)));

    private static torch.Tensor Data(int count)
    {
        using var generator = new torch.Generator(5, torch.CPU);
        using var standard = torch.randn([count, 3, 16, 16], generator: generator);
        return standard.mul(DataDeviation).DetachFromDisposeScope();
    }

    private static double Gap(int timesteps)
    {
        using var scope = torch.NewDisposeScope();
        using var process = Process(timesteps);
        using var start = Data(16);
        // Of these very numbers, so that chance plays a smaller part.
        var variance = DataDeviation * DataDeviation;
        var likelihood =
            0.5 * (Math.Log(2 * Math.PI * variance) + start.square().mean().item<float>() / variance) / Math.Log(2);
        return Bound(process, start, x => x) - likelihood;
    }

    private static double Bound(
        DiffusionProcess process,
        torch.Tensor start,
        Func<torch.Tensor, torch.Tensor> spoil,
        int every = 1
    )
    {
        using var generator = new torch.Generator(1, torch.CPU);
        return Optimal(process, spoil).Estimate(start, generator, every).Totals.Average();
    }

    // E[x_0 | x_t] of normal data.
    private static VariationalBound Optimal(DiffusionProcess process, Func<torch.Tensor, torch.Tensor> spoil) =>
        new(
            process,
            (noisy, timesteps) =>
            {
                var factors = timesteps
                    .data<long>()
                    .Select(t =>
                    {
                        var abar = process.Schedule.AlphasCumprod[(int)t];
                        var variance = DataDeviation * DataDeviation;
                        return (float)(Math.Sqrt(abar) * variance / (abar * variance + 1 - abar));
                    });
                return spoil(noisy.mul(torch.tensor(factors.ToArray()).reshape(-1, 1, 1, 1)));
            },
            BoundDecoder.Continuous
        );
}
