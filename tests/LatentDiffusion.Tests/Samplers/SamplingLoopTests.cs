using LatentDiffusion.Diffusion;
using LatentDiffusion.Progress;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Diffusion;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Samplers;

[Collection(nameof(ProcessWideState))]
public sealed class SamplingLoopTests : IDisposable
{
    private static readonly long[] Shape = [2, 3, 4, 4];
    private static readonly NoiseLevels Schedule = new(NoiseSchedule.Create(new NoiseScheduleConfig()));

    private readonly torch.Tensor _start = FormulaInput.X(Shape, 0.21);
    private readonly torch.Tensor _known = FormulaInput.X(Shape, 0.05);

    public static TheoryData<string> Names => [.. NamedSampler.All.Select(sampler => sampler.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Known_latents_stay_and_the_rest_is_sampled(string name)
    {
        using var scope = torch.NewDisposeScope();
        var keep = torch.zeros(1, 1, 4, 4);
        keep.narrow(2, 0, 2).fill_(1);
        foreach (var paste in new[] { false, true })
        {
            var sample = Sample(name, new SamplingOptions { Known = new KnownLatents(keep, _known) { Paste = paste } });

            var (known, free) = (sample.narrow(2, 0, 2), sample.narrow(2, 2, 2));
            var largest = known.sub(_known.narrow(2, 0, 2)).abs().max().item<float>();
            Assert.True(paste ? largest == 0 : largest < 0.15, $"{name}: known latents are {largest} off");
            Assert.True(free.sub(_known.narrow(2, 2, 2)).abs().mean().item<float>() > 0.1);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_but_the_sample_stays_alive_and_the_start_is_unchanged(string name)
    {
        using var scope = torch.NewDisposeScope();
        using var before = _start.clone();
        Sample(name).Dispose();

        LiveTensors.Unchanged(() => Sample(name).Dispose());
        TensorAssert.Equal(_start, before);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Cancelling_ends_before_the_next_step(string name)
    {
        using var scope = torch.NewDisposeScope();
        using var cancellation = new CancellationTokenSource();
        var done = 0.0;
        var progress = new Report(p =>
        {
            done = p.Done;
            if (p.Done == 3)
            {
                cancellation.Cancel();
            }
        });

        Assert.Throws<OperationCanceledException>(() =>
            Sample(name, new SamplingOptions { Progress = progress }, cancellation: cancellation.Token)
        );
        Assert.Equal(3, done);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Intermediates_show_every_kth_step_and_lead_to_the_sample(string name)
    {
        using var scope = torch.NewDisposeScope();
        using var intermediates = new SamplingIntermediates(every: 3);
        var sample = Sample(name, new SamplingOptions { Intermediates = intermediates });

        // Of 10 steps the first, and those with 9 (the same), 6, 3 and 0 to come.
        Assert.Equal(4, intermediates.Latents.Count);
        Assert.Equal(4, intermediates.Clean.Count);
        TensorAssert.Equal(intermediates.Latents[^1], sample);
        TensorAssert.Close(intermediates.Clean[^1], sample, 0.1);
    }

    [Fact]
    public void Temperature_scales_the_sampler_s_noise()
    {
        using var scope = torch.NewDisposeScope();
        var cold = Sample("euler-ancestral", new SamplingOptions { Temperature = 0 });
        var dropped = Sample("euler-ancestral", new SamplingOptions { NoiseDropout = 1 });

        TensorAssert.Equal(cold, dropped);
        Assert.NotEqual(TensorAssert.Values(Sample("euler-ancestral")), TensorAssert.Values(cold));
    }

    [Fact]
    public void Noise_dropout_drops_its_share_and_keeps_the_variance_of_the_mean()
    {
        using var scope = torch.NewDisposeScope();
        using var noise = new SeededNoise(1, 1, 1, 100, 100);
        var shaped = new ShapedNoise(noise.Next, torch.zeros(1), new SamplingOptions { NoiseDropout = 0.25 });
        var values = TensorAssert.Values(shaped.ForSampler());

        Assert.Equal(0.25, values.Count(v => v == 0) / 10_000.0, 0.02);
        Assert.Equal(1 / 0.75, values.Average(v => v * v), 0.08);
    }

    [Fact]
    public void Levels_that_do_not_fall_are_refused() =>
        Assert.Throws<ArgumentException>(() =>
            Sampling.Run(
                new EulerSampler(),
                new WaveModel(),
                [Schedule.At(3), Schedule.At(5)],
                _start,
                () => torch.zeros(Shape)
            )
        );

    public void Dispose()
    {
        _start.Dispose();
        _known.Dispose();
    }

    private torch.Tensor Sample(string name, SamplingOptions? options = null, CancellationToken? cancellation = null)
    {
        var sampler = NamedSampler.Find(name).Create();
        var sample = SamplingLoop.Run(
            sampler,
            ConstrainedDenoiser.Clip(new WaveModel(), 3),
            SamplingLevels.Create(Schedule, Spacing.Karras, 10, sampler.End),
            _start,
            () => FormulaInput.X(Shape, 0.4),
            options,
            cancellation ?? TestContext.Current.CancellationToken
        );
        Assert.False(sample.requires_grad);
        return sample;
    }

    private sealed class Report(Action<StepProgress> action) : IProgress<StepProgress>
    {
        void IProgress<StepProgress>.Report(StepProgress value) => action(value);
    }
}
