using LatentDiffusion.Diffusion;
using LatentDiffusion.Kernels;
using LatentDiffusion.Tests.Kernels;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion;

public sealed class ExponentialMovingAverageTests
{
    [Fact]
    public void Averages_equal_the_reference()
    {
        using var parameter = torch.zeros(3);
        using var ema = new ExponentialMovingAverage([("p", parameter)]);

        foreach (var (i, expected) in GoldenCase.Load("diffusion", "ema_0_then_1..5").Numbers("vals").Index())
        {
            parameter.fill_(i + 1);
            ema.Update();
            TensorAssert.Close(Shadow(ema), Enumerable.Repeat(expected, 3).ToArray(), 1e-6);
        }

        Assert.Equal(5, ema.Updates);
    }

    public static TheoryData<KernelKind> Paths => [.. KernelKinds.WithPlain];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Many_parameters_of_all_sizes_follow_the_formula(KernelKind kernels)
    {
        using var choice = KernelChoice.Use(kernels);
        using var scope = torch.NewDisposeScope();
        var parameters = new[] { 1, 15, 33000, 70001 }.Select(n => torch.randn(n)).ToList();
        var starts = parameters.Select(p => p.clone()).ToList();
        using var ema = new ExponentialMovingAverage(parameters.Select((p, i) => ($"p{i}", p)));
        parameters.ForEach(p => p.normal_());
        ema.Update();

        foreach (var (i, shadow) in ema.Shadows.Index())
        {
            // The first decay is (1 + 1) / (10 + 1).
            // Absolute: terms of about 1 may nearly cancel.
            var expected = starts[i].mul(2.0 / 11).add(parameters[i], alpha: 9.0 / 11);
            Assert.InRange(shadow.Value.sub(expected).abs().max().item<float>(), 0, 1e-6);
        }
    }

    [Fact]
    public void The_decay_stops_growing_at_its_limit()
    {
        using var parameter = torch.zeros(1);
        using var ema = new ExponentialMovingAverage([("p", parameter)], decay: 0.5) { Updates = 1_000_000 };
        parameter.fill_(1);
        ema.Update();

        Assert.Equal(0.5f, Shadow(ema).item<float>());
    }

    [Fact]
    public void Live_values_return_bit_for_bit_even_after_an_exception()
    {
        using var parameter = FormulaInput.X([7, 5]);
        using var ema = new ExponentialMovingAverage([("p", parameter)]);
        parameter.mul_(1.7f);
        ema.Update();
        using var live = parameter.clone();
        using var average = Shadow(ema).clone();

        Assert.Throws<InvalidOperationException>(FailWhileSampling);

        TensorAssert.Equal(parameter, live);
        TensorAssert.Equal(Shadow(ema), average);

        void FailWhileSampling()
        {
            using var averages = ema.Use();
            TensorAssert.Equal(parameter, average);
            throw new InvalidOperationException();
        }
    }

    [Fact]
    public void Disposing_twice_does_not_bring_the_averages_back()
    {
        using var parameter = torch.zeros(2);
        using var ema = new ExponentialMovingAverage([("p", parameter)]);
        parameter.fill_(4);
        var averages = ema.Use();
        averages.Dispose();
        averages.Dispose();

        Assert.Equal(4, parameter[0].item<float>());
    }

    private static torch.Tensor Shadow(ExponentialMovingAverage ema) => Assert.Single(ema.Shadows).Value;
}
