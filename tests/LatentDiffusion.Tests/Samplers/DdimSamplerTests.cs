using LatentDiffusion.Diffusion;
using LatentDiffusion.Progress;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

public sealed class DdimSamplerTests : IDisposable
{
    private static readonly long[] Shape = [2, 3, 4, 4];
    private static readonly NoiseSchedule Schedule = NoiseSchedule.Create(new NoiseScheduleConfig());
    private static readonly GoldenCase Expected = GoldenCase.Load("samplers", "samplers");

    private readonly DdimSampler _sampler = new(Schedule);
    private readonly torch.Tensor _start = FormulaInput.X(Shape, 0.21, angle => 1.5 * Math.Sin(angle));

    [Fact]
    public void The_start_is_the_reference_start() => TensorAssert.Close(_start, Expected.Tensor("x_T"), 1e-6);

    [Theory]
    [InlineData(10)]
    [InlineData(50)]
    public void Samples_equal_the_reference(int steps)
    {
        using var sample = Sample(new WaveModel(), _start, new DdimOptions(steps), NoNoise);

        TensorAssert.Close(sample, Expected.Tensor($"ddim{steps}_eta0"));
    }

    [Fact]
    public void Guided_samples_equal_the_reference()
    {
        using var labels = torch.tensor([1L, 2L]);
        using var none = torch.tensor([0L, 0L]);
        var predictor = new ClassifierFreeGuidance(
            new WaveModel(),
            new Condition(Labels: labels),
            new Condition(Labels: none),
            scale: 3
        );

        using var sample = Sample(predictor, _start, new DdimOptions(10), NoNoise);

        TensorAssert.Close(sample, Expected.Tensor("ddim10_cfg3"));
    }

    [Fact]
    public void Samples_with_noise_equal_the_reference()
    {
        using var sample = Sample(
            new WaveModel(),
            _start,
            new DdimOptions(10, Eta: 1),
            () => FormulaInput.X(Shape, 0.33, Math.Cos)
        );

        TensorAssert.Close(sample, Expected.Tensor("ddim10_eta1_fixednoise"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(300)]
    [InlineData(999)]
    [InlineData(1000)]
    public void A_perfect_model_leads_back_to_the_start_at_the_first_timestep(int steps)
    {
        using var scope = torch.NewDisposeScope();
        using var process = new DiffusionProcess(Schedule);
        var clean = FormulaInput.X(Shape, 0.05);
        var noise = FormulaInput.X(Shape, 0.33, Math.Cos);
        var last = SamplingTimesteps.Uniform(steps, Schedule.Timesteps)[^1];
        var noisy = process.AddNoise(clean, torch.full([2], last, dtype: torch.int64), noise);

        var sample = Sample(new PerfectModel(process, clean), noisy, new DdimOptions(steps), NoNoise);

        // The reference's last step lands on abar_0, which has a little noise left.
        TensorAssert.Close(sample, process.AddNoise(clean, torch.zeros(2, torch.int64), noise), 2e-3);
    }

    [Fact]
    public void The_start_is_not_changed_and_nothing_else_stays_alive()
    {
        using var before = _start.clone();
        using var scope = torch.NewDisposeScope();

        var sample = Sample(new WaveModel(), _start, new DdimOptions(5, Eta: 1), () => torch.ones(Shape));

        TensorAssert.Equal(_start, before);
        Assert.Equal(1, scope.DisposablesCount);
        Assert.False(sample.requires_grad);
    }

    [Fact]
    public void Cancelling_ends_before_the_next_step()
    {
        using var cancellation = new CancellationTokenSource();
        var model = new WaveModel();
        var progress = new Report(p =>
        {
            if (p.Done == 3)
            {
                cancellation.Cancel();
            }
        });

        Assert.Throws<OperationCanceledException>(() =>
            _sampler.Sample(model, _start, new DdimOptions(10), NoNoise, progress, cancellation.Token)
        );
        Assert.Equal(3, model.Batches.Count);
    }

    public void Dispose() => _start.Dispose();

    private torch.Tensor Sample(
        INoisePredictor predictor,
        torch.Tensor start,
        DdimOptions options,
        Func<torch.Tensor> noise
    ) => _sampler.Sample(predictor, start, options, noise, cancellation: TestContext.Current.CancellationToken);

    private static torch.Tensor NoNoise() => throw new InvalidOperationException("Without eta there is no noise.");

    private sealed class Report(Action<StepProgress> action) : IProgress<StepProgress>
    {
        void IProgress<StepProgress>.Report(StepProgress value) => action(value);
    }

    private sealed class PerfectModel(DiffusionProcess process, torch.Tensor clean) : INoisePredictor
    {
        public torch.Tensor PredictNoise(torch.Tensor noisy, torch.Tensor timesteps) =>
            process.PredictNoise(noisy, timesteps, clean);
    }
}
