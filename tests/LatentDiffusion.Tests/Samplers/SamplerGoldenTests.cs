using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

/// <summary>DDIM and PLMS against the reference.</summary>
public sealed class SamplerGoldenTests : IDisposable
{
    private static readonly long[] Shape = [2, 3, 4, 4];
    private static readonly NoiseLevels Schedule = new(NoiseSchedule.Create(new NoiseScheduleConfig()));
    private static readonly GoldenCase Expected = GoldenCase.Load("samplers", "samplers");

    private readonly torch.Tensor _start = FormulaInput.X(Shape, 0.21, angle => 1.5 * Math.Sin(angle));

    [Fact]
    public void The_start_is_the_reference_start() => TensorAssert.Close(_start, Expected.Tensor("x_T"), 1e-6);

    [Theory]
    [InlineData(10)]
    [InlineData(50)]
    public void Ddim_equals_the_reference(int steps)
    {
        using var sample = Sample(new DdimSampler(), new WaveModel(), steps);

        TensorAssert.Close(sample, Expected.Tensor($"ddim{steps}_eta0"));
    }

    [Theory]
    [InlineData("ddim", "ddim10_cfg3")]
    [InlineData("plms", "plms10_cfg3")]
    public void Guided_samples_equal_the_reference(string sampler, string name)
    {
        using var labels = torch.tensor([1L, 2L]);
        using var none = torch.tensor([0L, 0L]);
        var denoiser = new ClassifierFreeGuidance(
            new WaveModel(),
            new Condition(Labels: labels),
            new Condition(Labels: none),
            new GuidanceSettings(Scale: 3)
        );

        using var sample = Sample(NamedSampler.Find(sampler).Create(), denoiser, 10);

        TensorAssert.Close(sample, Expected.Tensor(name));
    }

    [Fact]
    public void Ddim_with_noise_equals_the_reference()
    {
        using var sample = Sample(
            new DdimSampler(eta: 1),
            new WaveModel(),
            10,
            () => FormulaInput.X(Shape, 0.33, Math.Cos)
        );

        TensorAssert.Close(sample, Expected.Tensor("ddim10_eta1_fixednoise"));
    }

    [Fact]
    public void Plms_equals_the_reference_with_one_evaluation_more_than_steps()
    {
        var model = new WaveModel();
        using var sample = Sample(new PlmsSampler(), model, 10);

        TensorAssert.Close(sample, Expected.Tensor("plms10"));
        Assert.Equal(11, model.Batches.Count);
    }

    [Fact]
    public void Ddim_with_a_mask_equals_the_reference()
    {
        using var scope = torch.NewDisposeScope();
        var expected = Expected.Tensor("ddim10_mask_zero_qnoise");
        var keep = torch.zeros(1, 1, 4, 4);
        keep.narrow(3, 0, 2).fill_(1);
        var known = FormulaInput.X(Shape, 0.05);

        var sample = Sample(
            new DdimSampler(),
            new WaveModel(),
            10,
            options: new SamplingOptions { Known = new KnownLatents(keep, known) { Noise = () => torch.zeros(Shape) } }
        );

        TensorAssert.Close(sample, expected);
    }

    public void Dispose() => _start.Dispose();

    private torch.Tensor Sample(
        ISampler sampler,
        IDenoiser denoiser,
        int steps,
        Func<torch.Tensor>? noise = null,
        SamplingOptions? options = null
    ) =>
        SamplingLoop.Run(
            sampler,
            denoiser,
            SamplingLevels.Create(Schedule, Spacing.Uniform, steps, sampler.End),
            _start,
            noise ?? (() => throw new InvalidOperationException("A deterministic sampler asked for noise.")),
            options,
            TestContext.Current.CancellationToken
        );
}
