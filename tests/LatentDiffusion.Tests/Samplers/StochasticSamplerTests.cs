using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

/// <summary>With the exact denoiser every sampler draws from the data's distribution.</summary>
public sealed class StochasticSamplerTests
{
    private const int Count = 2000;
    private static readonly NoiseLevels Schedule = new(NoiseSchedule.Create(new NoiseScheduleConfig()));

    [Theory]
    [InlineData("ddpm", 800)]
    [InlineData("euler-ancestral", 800)]
    [InlineData("dpmpp-2m-sde", 60)]
    [InlineData("dpmpp-2m", 60)]
    [InlineData("heun", 40)]
    public void Mean_and_covariance_are_the_data_s(string name, int steps)
    {
        using var scope = torch.NewDisposeScope();

        var samples = Sample(NamedSampler.Find(name).Create(), GaussianMixture.Lumps, GaussianMixture.Lumps, steps);

        AssertMoments(samples, GaussianMixture.Lumps);
    }

    [Theory]
    [InlineData("euler-ancestral", 800)]
    [InlineData("dpmpp-2m", 60)]
    public void Guided_samples_of_Gaussians_have_the_extrapolated_mean(string name, int steps)
    {
        // s (score of N(m, v)) + (1 - s) (score of N(0, v)) is the score of N(s m, v), at every level.
        using var scope = torch.NewDisposeScope();
        var model = new TwoGaussians([0.6, -0.3], 0.2);
        var expected = new GaussianMixture(new GaussianMixture.Component(1, [1.8, -0.9], 0.2));
        var guided = new ClassifierFreeGuidance(
            model,
            new Condition(Labels: torch.ones(Count, torch.int64)),
            new Condition(Labels: torch.zeros(Count, torch.int64)),
            new GuidanceSettings(Scale: 3)
        );

        var samples = Sample(NamedSampler.Find(name).Create(), guided, expected, steps);

        AssertMoments(samples, expected);
    }

    [Theory]
    [InlineData("euler-ancestral", 800)]
    [InlineData("unipc", 40)]
    public void Guidance_by_a_likelihood_leads_to_the_posterior(string name, int steps)
    {
        // log p(y | z_t) = b . E[x_0 | z_t] up to a constant tilts N(0, v) into N(v b, v).
        using var scope = torch.NewDisposeScope();
        const double V = 0.5;
        var prior = new GaussianMixture(new GaussianMixture.Component(1, [0, 0], V));
        var posterior = new GaussianMixture(new GaussianMixture.Component(1, [V * 1.5, V * -0.5], V));
        var tilt = torch.tensor([1.5, -0.5], [1, 2, 1, 1]);
        var guided = new ClassifierGuidance(
            prior,
            (z, level) =>
                z.mul(tilt)
                    .flatten(1)
                    .sum(1)
                    .mul(V * level.Signal / (V * level.AlphaCumprod + level.Noise * level.Noise)),
            scale: 1
        );

        var samples = Sample(NamedSampler.Find(name).Create(), guided, posterior, steps);

        AssertMoments(samples, posterior);
    }

    // From the exact distribution at the first level, so that only the sampler is measured.
    private static torch.Tensor Sample(ISampler sampler, IDenoiser denoiser, GaussianMixture data, int steps)
    {
        using var noise = new SeededNoise(5, Count, 2, 1, 1);
        var levels = SamplingLevels.Create(Schedule, Spacing.Exponential, steps, SamplingEnd.Clean);
        return Sampling.Run(
            sampler,
            denoiser,
            levels,
            Noising.AddNoise(data.Draw(Count, seed: 4), levels[0], noise.Next()),
            noise.Next
        );
    }

    private static void AssertMoments(torch.Tensor samples, GaussianMixture data)
    {
        const double Sigmas = 4;
        var values = TensorAssert.Values(samples).Chunk(2).ToArray();
        Assert.Equal(Count, values.Length);
        for (var j = 0; j < 2; j++)
        {
            var error = Math.Sqrt(data.Covariance(j, j) / Count);
            Assert.Equal(data.Mean(j), values.Average(v => v[j]), Sigmas * error);
            for (var k = 0; k <= j; k++)
            {
                var products = values.Select(v => (v[j] - data.Mean(j)) * (v[k] - data.Mean(k))).ToArray();
                var spread = Math.Sqrt(products.Average(p => p * p) - Math.Pow(products.Average(), 2));
                Assert.Equal(data.Covariance(j, k), products.Average(), Sigmas * spread / Math.Sqrt(Count));
            }
        }
    }

    /// <summary>N(0, v) without a condition (label 0), N(m, v) with one (label 1).</summary>
    private sealed class TwoGaussians(double[] mean, double variance) : IConditionalDenoiser
    {
        public Prediction Denoise(torch.Tensor noisy, NoiseLevel level, Condition condition)
        {
            using var scope = torch.NewDisposeScope();
            var center = torch.tensor(mean, [1, 2, 1, 1]).mul(condition.Labels!.to(torch.float64).reshape(-1, 1, 1, 1));
            var total = variance * level.AlphaCumprod + level.Noise * level.Noise;
            var noise = noisy.sub(center.mul(level.Signal)).mul(level.Noise / total);
            return new Prediction(Parameterization.Eps, noisy, level, noise.MoveToOuterDisposeScope());
        }
    }
}
