using LatentDiffusion.Kernels;
using LatentDiffusion.Tests.Kernels;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Optimization;
using TorchSharp;
using Xunit;
using AdamW = LatentDiffusion.Training.Optimization.AdamW;
using Parameter = TorchSharp.Modules.Parameter;

namespace LatentDiffusion.Tests.Training;

[Collection(nameof(ProcessWideState))]
public sealed class AdamWTests
{
    private static readonly OptimizerConfig Config = new()
    {
        LearningRate = 0.03,
        Beta1 = 0.8,
        Beta2 = 0.95,
        WeightDecay = 0.1,
    };

    public static MatrixTheoryData<double, KernelKind> Paths => new([0, 0.1], KernelKinds.WithPlain);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Twenty_steps_equal_TorchSharp(double weightDecay, KernelKind kernels)
    {
        using var choice = KernelChoice.Use(kernels);
        using var scope = torch.NewDisposeScope();
        var (ours, theirs) = (CreateWeights(), CreateWeights());
        using var optimizer = Create(ours, Config with { WeightDecay = weightDecay });
        using torch.optim.Optimizer reference =
            weightDecay == 0
                ? torch.optim.Adam(theirs, Config.LearningRate, Config.Beta1, Config.Beta2)
                : torch.optim.AdamW(theirs, Config.LearningRate, Config.Beta1, Config.Beta2, weight_decay: weightDecay);

        for (var step = 0; step < 20; step++)
        {
            optimizer.ClearGradients();
            reference.zero_grad();
            ComputeGradients(ours, step);
            ComputeGradients(theirs, step);
            optimizer.Step();
            reference.step();
        }

        foreach (var (mine, other) in ours.Zip(theirs))
        {
            TensorAssert.Close(mine, other, 1e-6);
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        using var scope = torch.NewDisposeScope();
        var (alone, together) = (CreateWeights(), CreateWeights());
        using var first = Create(alone);
        using var second = Create(together);
        KernelKinds.WithThreads(1, () => Run(first, alone, 0, 3));
        KernelKinds.WithThreads(3, () => Run(second, together, 0, 3));

        foreach (var (expected, actual) in alone.Zip(together))
        {
            TensorAssert.Equal(actual, expected);
        }
    }

    [Fact]
    public void Restored_state_continues_bit_for_bit()
    {
        using var scope = torch.NewDisposeScope();
        var (whole, parts) = (CreateWeights(), CreateWeights());
        using var uninterrupted = Create(whole);
        using var first = Create(parts);
        Run(uninterrupted, whole, 0, 9);
        Run(first, parts, 0, 4);

        using var second = Create(parts);
        var saved = first.State.ToDictionary();
        Assert.Equal(
            ["exp_avg.w0", "exp_avg.w1", "exp_avg.w2", "exp_avg_sq.w0", "exp_avg_sq.w1", "exp_avg_sq.w2"],
            saved.Keys.Order()
        );
        foreach (var (name, tensor) in second.State)
        {
            tensor.copy_(saved[name]);
        }

        second.Steps = first.Steps;
        Run(second, parts, 4, 9);

        foreach (var (expected, actual) in whole.Zip(parts))
        {
            TensorAssert.Equal(actual, expected);
        }
    }

    [Fact]
    public void Parameters_without_a_gradient_stay_though_weights_decay()
    {
        using var scope = torch.NewDisposeScope();
        var weights = CreateWeights();
        using var optimizer = Create(weights);
        ComputeGradients(weights, 0);
        optimizer.Step();
        var before = weights[1].clone();
        var momentBefore = optimizer.State.ToDictionary()["exp_avg.w1"].clone();

        // The second had one in the step before, and has none in this.
        optimizer.ClearGradients();
        ComputeGradients(weights[..1], 1);
        optimizer.Step();

        TensorAssert.Equal(weights[1], before);
        TensorAssert.Equal(optimizer.State.ToDictionary()["exp_avg.w1"], momentBefore);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void One_number_that_is_not_finite_is_found(float value)
    {
        using var scope = torch.NewDisposeScope();
        var weights = CreateWeights();
        using var optimizer = Create(weights);
        Assert.True(optimizer.ParametersAreFinite());

        using var noGradient = torch.no_grad();
        weights[1][2] = value;

        Assert.False(optimizer.ParametersAreFinite());
    }

    private static void Run(AdamW optimizer, Parameter[] weights, int from, int to)
    {
        for (var step = from; step < to; step++)
        {
            optimizer.ClearGradients();
            ComputeGradients(weights, step);
            optimizer.Step();
        }
    }

    private static AdamW Create(Parameter[] weights, OptimizerConfig? config = null) =>
        new(weights.Select((w, i) => ($"w{i}", (torch.Tensor)w)), config ?? Config);

    private static Parameter[] CreateWeights() =>
        [
            new(FormulaInput.X([4, 3])),
            new(FormulaInput.X([5], 0.7, Math.Cos)),
            // More than one thread gets at once, and not a whole number of registers.
            new(FormulaInput.X([3, 11003])),
        ];

    private static void ComputeGradients(Parameter[] weights, int step)
    {
        foreach (var (i, weight) in weights.Index())
        {
            using var generator = new torch.Generator((ulong)(step * 10 + i), torch.CPU);
            weight.mul(torch.randn(weight.shape, generator: generator)).sum().backward();
        }
    }
}
