using LatentDiffusion.Diffusion;
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
