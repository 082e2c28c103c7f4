using LatentDiffusion.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion;

public sealed class DiffusionObjectiveTests : IDisposable
{
    private static readonly long[] Shape = [2, 3, 4, 4];

    private readonly torch.Tensor _start = FormulaInput.X(Shape, 0.05);
    private readonly torch.Tensor _noise = FormulaInput.X(Shape, 0.33, Math.Cos);
    private readonly torch.Tensor _timesteps = torch.tensor(GoldenCase.Load("diffusion", "ddpm_core").Integers("t"));
    private readonly DiffusionProcess _process = new(NoiseSchedule.Create(new NoiseScheduleConfig()));

    [Theory]
    [InlineData(Parameterization.Eps, LossType.L1, false)]
    [InlineData(Parameterization.Eps, LossType.L2, false)]
    [InlineData(Parameterization.X0, LossType.L1, false)]
    [InlineData(Parameterization.X0, LossType.L2, false)]
    [InlineData(Parameterization.Eps, LossType.L2, true)]
    [InlineData(Parameterization.X0, LossType.L1, true)]
    public void All_parts_equal_the_reference(Parameterization target, LossType loss, bool learned)
    {
        using var scope = torch.NewDisposeScope();
        var config = new DiffusionObjectiveConfig
        {
            Parameterization = target,
            Loss = loss,
            VlbWeight = 0.5,
            LogvarInit = learned ? 0 : 0.3,
            Parity = true,
        };
        using var objective = new DiffusionObjective(
            config,
            _process,
            learned ? torch.full([1000], 0.3f, dtype: torch.float32) : null
        );
        var prediction = new WaveModel().PredictNoise(_process.AddNoise(_start, _timesteps, _noise), _timesteps);

        var result = objective.Loss(prediction, _start, _timesteps, _noise);

        var expected = GoldenCase.Load(
            "diffusion",
            FormattableString.Invariant($"p_losses_{target}_{loss}").ToLowerInvariant()
        );
        Assert.Equal(expected.Number("train/loss_simple"), result.Simple.item<float>(), 1e-6);
        Assert.Equal(expected.Number("train/loss_vlb"), result.Vlb.item<float>(), 1e-6);
        Assert.Equal(expected.Number("train/loss"), result.Total.item<float>(), 1e-6);
        Assert.Equal([2], objective.LossPerSample(prediction, _start, _timesteps, _noise).shape);
    }

    [Theory]
    [InlineData(Parameterization.Eps)]
    [InlineData(Parameterization.X0)]
    [InlineData(Parameterization.V)]
    public void The_right_prediction_costs_nothing_and_gives_x0_back(Parameterization target)
    {
        using var scope = torch.NewDisposeScope();
        using var objective = Create(new DiffusionObjectiveConfig { Parameterization = target });
        var right = objective.Target(_start, _timesteps, _noise);
        var noisy = _process.AddNoise(_start, _timesteps, _noise);

        Assert.Equal(0, objective.Loss(right, _start, _timesteps, _noise).Total.item<float>());
        var start = PredictedStart.Of(_process, target, noisy, _timesteps, right);
        TensorAssert.Close(start, _start, 1e-5);
    }

    [Theory]
    [InlineData(Parameterization.Eps)]
    [InlineData(Parameterization.X0)]
    [InlineData(Parameterization.V)]
    public void Weights_of_the_bound_give_the_divergence_of_the_posteriors(Parameterization target)
    {
        using var scope = torch.NewDisposeScope();
        using var objective = Create(new DiffusionObjectiveConfig { Parameterization = target });
        var noisy = _process.AddNoise(_start, _timesteps, _noise);
        var prediction = objective.Target(_start, _timesteps, _noise).add(0.1);

        var start = PredictedStart.Of(_process, target, noisy, _timesteps, prediction);
        var distance = _process
            .PosteriorMean(_start, noisy, _timesteps)
            .sub(_process.PosteriorMean(start, noisy, _timesteps));
        var (variance, _) = _process.PosteriorVariance(_timesteps);
        var expected = distance.square().div(variance.mul(2)).mean().item<float>();

        Assert.Equal(
            expected,
            objective.Loss(prediction, _start, _timesteps, _noise).Vlb.item<float>(),
            1e-3 * expected
        );
    }

    [Fact]
    public void Weights_of_the_bound_equal_the_reference()
    {
        var expected = GoldenCase.Load("diffusion", "ddpm_core").Case("lvlb_weights_idx");
        var weights = LossWeights.Vlb(_process.Schedule, Parameterization.Eps);
        foreach (var t in new[] { 0, 1, 2, 10, 500, 999 })
        {
            // The reference computes in float32.
            Assert.Equal(expected.Number($"{t}"), weights[t], 1e-5 * weights[t]);
        }

        var parity = LossWeights.Vlb(_process.Schedule, Parameterization.X0, referenceStart: true);
        var abar = _process.Schedule.AlphasCumprod[700];
        Assert.Equal(0.5 * Math.Sqrt(abar) / (2 * 1 - abar), parity[700], 1e-12);
        Assert.Equal(parity[1], parity[0]);
    }

    [Fact]
    public void Min_snr_weights_mean_the_same_for_every_target()
    {
        var schedule = _process.Schedule;
        var (eps, x0, v) = (Of(Parameterization.Eps), Of(Parameterization.X0), Of(Parameterization.V));
        foreach (var t in new[] { 0, 100, 500, 999 })
        {
            var snr = schedule.SignalToNoise(t);
            Assert.Equal(Math.Min(snr, 5), x0[t], 1e-9);
            Assert.Equal(Math.Min(snr, 5) / snr, eps[t], 1e-9);
            Assert.Equal(Math.Min(snr, 5) / (snr + 1), v[t], 1e-9);
        }

        IReadOnlyList<double> Of(Parameterization target) => LossWeights.MinSnr(schedule, target, gamma: 5);
    }

    [Fact]
    public void Min_snr_and_the_simple_weight_scale_the_loss()
    {
        using var scope = torch.NewDisposeScope();
        var config = new DiffusionObjectiveConfig { MinSnrGamma = 5, SimpleWeight = 2 };
        using var objective = Create(config);
        var prediction = _noise.add(1);

        var result = objective.Loss(prediction, _start, _timesteps, _noise);

        var weights = LossWeights.MinSnr(_process.Schedule, Parameterization.Eps, 5);
        Assert.Equal(1, result.Simple.item<float>(), 1e-6);
        Assert.Equal(weights[3] + weights[700], result.Total.item<float>(), 1e-6);
    }

    [Fact]
    public void Learned_log_variances_settle_at_the_logarithm_of_the_error()
    {
        using var scope = torch.NewDisposeScope();
        var logVariances = torch.zeros(1000).requires_grad_();
        using var objective = new DiffusionObjective(new DiffusionObjectiveConfig(), _process, logVariances);
        var prediction = _noise.add(2);
        for (var i = 0; i < 300; i++)
        {
            logVariances.grad = null;
            objective.Loss(prediction, _start, _timesteps, _noise).Total.backward();
            using var noGradient = torch.no_grad();
            logVariances.sub_(logVariances.grad!.mul(0.2));
        }

        Assert.Equal(Math.Log(4), logVariances[3].item<float>(), 1e-3);
        Assert.Equal(0, logVariances[4].item<float>());
    }

    [Fact]
    public void Offset_noise_moves_whole_channels()
    {
        using var scope = torch.NewDisposeScope();
        using var plain = Create(new DiffusionObjectiveConfig());
        using var offset = Create(new DiffusionObjectiveConfig { OffsetNoise = 0.5 });
        using var generator = new torch.Generator(3, torch.CPU);
        using var same = new torch.Generator(3, torch.CPU);

        var difference = offset.DrawNoise([64, 3, 8, 8], generator).sub(plain.DrawNoise([64, 3, 8, 8], same));

        Assert.Equal(0, difference.sub(difference.mean([2, 3], keepdim: true)).abs().max().item<float>(), 1e-5);
        Assert.Equal(0.5, difference.mean([2, 3]).std().item<float>(), 0.1);
    }

    [Fact]
    public void Noise_alone_cannot_be_predicted_without_signal()
    {
        var schedule = NoiseSchedule.Create(new NoiseScheduleConfig { ZeroTerminalSnr = true });
        using var process = new DiffusionProcess(schedule);
        foreach (var target in new[] { Parameterization.X0, Parameterization.V })
        {
            using var fine = new DiffusionObjective(
                new DiffusionObjectiveConfig { Parameterization = target, MinSnrGamma = 5 },
                process
            );
            Assert.All(LossWeights.Vlb(schedule, target), w => Assert.True(double.IsFinite(w) && w >= 0));
        }

        var error = Assert.Throws<ArgumentException>(() =>
            new DiffusionObjective(new DiffusionObjectiveConfig(), process)
        );
        Assert.Contains("use v or x0", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _start.Dispose();
        _noise.Dispose();
        _timesteps.Dispose();
        _process.Dispose();
    }

    private DiffusionObjective Create(DiffusionObjectiveConfig config) => new(config, _process);
}
