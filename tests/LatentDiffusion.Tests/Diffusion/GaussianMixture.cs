using LatentDiffusion.Diffusion;
using TorchSharp;

namespace LatentDiffusion.Tests.Diffusion;

/// <summary>
/// Data of known distribution with the best possible denoiser in closed form: a mixture of isotropic Gaussians in D
/// dimensions, as latents [B, D, 1, 1].
/// </summary>
internal sealed class GaussianMixture(params GaussianMixture.Component[] components) : IDenoiser
{
    /// <param name="Weight">Its share; all add up to 1.</param>
    /// <param name="Mean">D numbers.</param>
    /// <param name="Variance">Of every coordinate.</param>
    internal sealed record Component(double Weight, double[] Mean, double Variance);

    /// <summary>Two lumps and a wide one in the plane: curved ways from noise to data.</summary>
    public static GaussianMixture Lumps { get; } =
        new(new(0.5, [1, 0.5], 0.05), new(0.3, [-1, 0.3], 0.1), new(0.2, [0, -1], 0.3));

    /// <summary>How often the denoiser has been asked.</summary>
    public int Evaluations { get; private set; }

    private int Dimensions => components[0].Mean.Length;

    public Prediction Denoise(torch.Tensor noisy, NoiseLevel level)
    {
        Evaluations++;
        var x = noisy.data<double>().ToArray();
        var d = Dimensions;
        var clean = new double[x.Length];
        for (var i = 0; i < x.Length; i += d)
        {
            Clean(x.AsSpan(i, d), level, clean.AsSpan(i, d));
        }

        return new Prediction(Parameterization.X0, noisy, level, torch.tensor(clean, noisy.shape));
    }

    /// <summary>E[x_0 | x_t] of one point.</summary>
    public void Clean(ReadOnlySpan<double> x, NoiseLevel level, Span<double> clean)
    {
        var (s, n) = (level.Signal, level.Noise);
        var logs = new double[components.Length];
        for (var k = 0; k < components.Length; k++)
        {
            var variance = s * s * components[k].Variance + n * n;
            var distance = 0.0;
            for (var j = 0; j < x.Length; j++)
            {
                distance += Math.Pow(x[j] - s * components[k].Mean[j], 2);
            }

            logs[k] = Math.Log(components[k].Weight) - distance / (2 * variance) - x.Length / 2.0 * Math.Log(variance);
        }

        var largest = logs.Max();
        var total = logs.Sum(l => Math.Exp(l - largest));
        clean.Clear();
        for (var k = 0; k < components.Length; k++)
        {
            var (mean, v) = (components[k].Mean, components[k].Variance);
            var share = Math.Exp(logs[k] - largest) / total;
            var gain = s * v / (s * s * v + n * n);
            for (var j = 0; j < x.Length; j++)
            {
                clean[j] += share * (mean[j] + gain * (x[j] - s * mean[j]));
            }
        }
    }

    /// <summary>Draws from the data.</summary>
    /// <returns>[count, D, 1, 1], f64.</returns>
    public torch.Tensor Draw(int count, int seed)
    {
        using var generator = new torch.Generator((ulong)seed);
        using var scope = torch.NewDisposeScope();
        var values = torch
            .randn([count, Dimensions], dtype: torch.float64, generator: generator)
            .data<double>()
            .ToArray();
        var picks = torch.rand([count], dtype: torch.float64, generator: generator).data<double>().ToArray();
        for (var i = 0; i < count; i++)
        {
            var (k, rest) = (0, picks[i]);
            while (k < components.Length - 1 && rest > components[k].Weight)
            {
                rest -= components[k++].Weight;
            }

            for (var j = 0; j < Dimensions; j++)
            {
                ref var value = ref values[i * Dimensions + j];
                value = components[k].Mean[j] + Math.Sqrt(components[k].Variance) * value;
            }
        }

        return torch.tensor(values, [count, Dimensions, 1, 1]).MoveToOuterDisposeScope();
    }

    /// <summary>Mean of coordinate j.</summary>
    public double Mean(int j) => components.Sum(c => c.Weight * c.Mean[j]);

    /// <summary>Covariance of coordinates j and k.</summary>
    public double Covariance(int j, int k) =>
        components.Sum(c => c.Weight * (c.Mean[j] * c.Mean[k] + (j == k ? c.Variance : 0))) - Mean(j) * Mean(k);
}
