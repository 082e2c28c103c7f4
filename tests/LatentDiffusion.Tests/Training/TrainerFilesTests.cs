using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;
using LatentDiffusion.Training.Trainers;
using Xunit;
using AdamW = LatentDiffusion.Training.Optimization.AdamW;
using Parameter = TorchSharp.Modules.Parameter;

namespace LatentDiffusion.Tests.Training;

public sealed class TrainerFilesTests : IDisposable
{
    private static readonly TrainingState State = new(Step: 9, Seed: 23, NextSample: 36, OptimizerSteps: 9);

    private readonly TemporaryFolder _folder = new();
    private readonly Parameter _weight = new(FormulaInput.X([3]));

    [Fact]
    public void Two_optimisers_come_back_each_with_its_own_steps()
    {
        using var main = Create(steps: 9);
        using var discriminator = Create(steps: 4);
        TrainerFiles.Write(_folder.Root, main, State, discriminator);
        Assert.Equal(
            ["discriminator-optimizer.safetensors", "optimizer.safetensors", "trainer.json"],
            _folder.Entries()
        );

        using var readMain = Create(steps: 0);
        using var readDiscriminator = Create(steps: 0);
        Assert.Equal(State, TrainerFiles.Read(_folder.Root, readMain, readDiscriminator));

        AssertSame(main, readMain);
        AssertSame(discriminator, readDiscriminator);
    }

    [Fact]
    public void Files_of_earlier_versions_say_their_steps_elsewhere()
    {
        using var optimizer = Create(steps: 3);
        TrainerFiles.Write(_folder.Root, optimizer, State);
        SafetensorsWriter.Write(_folder["optimizer.safetensors"], optimizer.State);

        TrainerFiles.Read(_folder.Root, optimizer);

        Assert.Equal(State.OptimizerSteps, optimizer.Steps);
    }

    public void Dispose()
    {
        _weight.Dispose();
        _folder.Dispose();
    }

    private AdamW Create(int steps)
    {
        var optimizer = new AdamW([("w", _weight)], new OptimizerConfig { LearningRate = 0.1 });
        for (var i = 0; i < steps; i++)
        {
            _weight.grad = FormulaInput.X([3]);
            optimizer.Step();
        }

        return optimizer;
    }

    private static void AssertSame(AdamW expected, AdamW actual)
    {
        Assert.Equal(expected.Steps, actual.Steps);
        Assert.All(
            expected.State.Zip(actual.State),
            pair =>
            {
                Assert.Equal(pair.First.Key, pair.Second.Key);
                TensorAssert.Equal(pair.Second.Value, pair.First.Value);
            }
        );
    }
}
