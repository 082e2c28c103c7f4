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
public sealed class GradientClippingTests
{
    private static readonly OptimizerConfig Config = new()
    {
        LearningRate = 0.03,
        Beta1 = 0.8,
        Beta2 = 0.95,
        // Large beside the gradients' root, so that their length is seen: Adam divides a common factor away.
        Epsilon = 1,
        WeightDecay = 0.1,
    };

    // The gradients' norm is about 181.
    public static MatrixTheoryData<double, KernelKind> Paths => new([0.5, 1e6], KernelKinds.WithPlain);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Clipped_steps_equal_PyTorch_s_way(double clipNorm, KernelKind kernels)
    {
        using var choice = KernelChoice.Use(kernels);
        using var scope = torch.NewDisposeScope();
        var (ours, theirs) = (CreateWeights(), CreateWeights());
        using var optimizer = Create(ours, Config with { ClipNorm = clipNorm });
        using var reference = Create(theirs, Config);
        for (var step = 0; step < 5; step++)
        {
            SetGradients(ours, step);
            SetGradients(theirs, step);
            var expected = Math.Sqrt(theirs.Sum(w => w.grad!.to(torch.float64).square().sum().item<double>()));
            var coefficient = clipNorm / (expected + 1e-6);
            Assert.Equal(clipNorm < 1, coefficient < 1);
            foreach (var weight in theirs)
            {
                weight.grad!.mul_(Math.Min(1, coefficient));
            }

            Assert.Null(reference.Step(0.02));
            Assert.Equal(expected, optimizer.Step(0.02)!.Value, 1e-5 * expected);
        }

        foreach (var (mine, other) in ours.Zip(theirs))
        {
            TensorAssert.Close(mine, other, 1e-6);
        }
    }

    [Fact]
    public void A_norm_below_the_limit_changes_no_bit()
    {
        using var scope = torch.NewDisposeScope();
        var (with, without) = (CreateWeights(), CreateWeights());
        using var first = Create(with, Config with { ClipNorm = 1e6 });
        using var second = Create(without, Config);
        SetGradients(with, 0);
        SetGradients(without, 0);
        first.Step();
        second.Step();

        foreach (var (actual, expected) in with.Zip(without))
        {
            TensorAssert.Equal(actual, expected);
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit_of_the_norm()
    {
        using var scope = torch.NewDisposeScope();
        var weights = CreateWeights();
        SetGradients(weights, 0);
        using var optimizer = Create(weights, Config with { ClipNorm = 1 });
        var alone = KernelKinds.WithThreads(1, () => optimizer.Step(0));
        var together = KernelKinds.WithThreads(3, () => optimizer.Step(0));

        Assert.NotNull(alone);
        Assert.Equal(alone, together);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_gradient_that_is_no_number_is_not_hidden(float value)
    {
        using var scope = torch.NewDisposeScope();
        var weights = CreateWeights();
        SetGradients(weights, 0);
        weights[0].grad![0] = value;
        using var optimizer = Create(weights, Config with { ClipNorm = 1 });
        optimizer.Step();

        Assert.False(optimizer.ParametersAreFinite());
    }

    [Fact]
    public void Without_any_gradient_the_norm_is_zero()
    {
        using var scope = torch.NewDisposeScope();
        using var optimizer = Create(CreateWeights(), Config with { ClipNorm = 1 });

        Assert.Equal(0, optimizer.Step(0.1));
    }

    private static AdamW Create(Parameter[] weights, OptimizerConfig config) =>
        new(weights.Select((w, i) => ($"w{i}", (torch.Tensor)w)), config);

    private static Parameter[] CreateWeights() =>
        [new(FormulaInput.X([7])), new(FormulaInput.X([5, 33], 0.7, Math.Cos)), new(FormulaInput.X([3, 11003]))];

    private static void SetGradients(Parameter[] weights, int step)
    {
        foreach (var (i, weight) in weights.Index())
        {
            using var generator = new torch.Generator((ulong)(step * 10 + i), torch.CPU);
            weight.grad = torch.randn(weight.shape, generator: generator);
        }
    }
}
