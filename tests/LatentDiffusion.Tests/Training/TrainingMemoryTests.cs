using LatentDiffusion.Progress;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Training;

[Collection(nameof(ProcessWideState))]
public sealed class TrainingMemoryTests : IDisposable
{
    // The runtime compiles hot methods for some hundreds of steps.
    private const int WarmUp = 500;
    private const int Steps = WarmUp + 2000;
    private const long AllowedGrowth = 1 << 20;

    private readonly TinyTraining _tiny = new();

    [Theory]
    [InlineData("kl")]
    [InlineData("vq")]
    [InlineData("none uncached")]
    [InlineData("class_label")]
    [InlineData("class_token")]
    public void A_step_leaves_no_tensor_to_the_garbage_collector(string kind)
    {
        List<long> counts = [];
        LiveTensors.WithoutCollection(() =>
            _tiny.Train(
                _tiny.Experiment(kind),
                "run",
                progress: p => Note(p, () => counts.Add(torch.Tensor.TotalCount))
            )
        );

        // The first step makes the gradients' buffers, and the second measures nothing any more.
        Assert.Single(counts.Skip(2).Distinct());
    }

    [Theory]
    [Trait("Speed", "Slow")]
    [InlineData("kl")]
    [InlineData("class_token")]
    public void Two_thousand_steps_after_the_warm_up_need_no_more_memory(string kind)
    {
        var experiment = _tiny.Experiment(kind) with
        {
            Training = new TrainingConfig
            {
                BatchSize = 1,
                Steps = Steps,
                SampleEvery = 0,
            },
        };
        List<(long Tensors, long Bytes)> measured = [];
        _tiny.Train(experiment, "run", progress: p => Note(p, () => Measure(p.Done)));

        Assert.Equal(2, measured.Count);
        Assert.Equal(measured[0].Tensors, measured[1].Tensors);
        Assert.InRange(measured[1].Bytes - measured[0].Bytes, long.MinValue, AllowedGrowth);

        void Measure(double step)
        {
            if (step is WarmUp or Steps)
            {
                var bytes = NativeHeap.BytesInUse();
                measured.Add((torch.Tensor.TotalCount, bytes));
            }
        }
    }

    public void Dispose() => _tiny.Dispose();

    // Encoding the images reports progress too.
    private static void Note(StepProgress progress, Action action)
    {
        if (progress.Task.StartsWith("train", StringComparison.Ordinal))
        {
            action();
        }
    }
}
