using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class TimestepEmbeddingTests
{
    [Fact]
    public void Cosines_come_before_sines()
    {
        using var scope = torch.NewDisposeScope();

        var embedding = TimestepEmbedding.Sinusoidal(torch.tensor(new[] { 1L }), 8);

        double[] frequencies = [1, 0.1, 0.01, 0.001];
        TensorAssert.Close(embedding, [.. frequencies.Select(Math.Cos), .. frequencies.Select(Math.Sin)], 1e-6);
    }

    [Fact]
    public void Time_zero_is_ones_then_zeros_and_an_odd_length_ends_in_zero()
    {
        using var scope = torch.NewDisposeScope();

        TensorAssert.Close(TimestepEmbedding.Sinusoidal(torch.zeros(1, torch.int64), 5), [1, 1, 0, 0, 0]);
        Assert.Equal([3, 5], TimestepEmbedding.Sinusoidal(torch.tensor(new[] { 7L, 503L, 999L }), 5).shape);
        Assert.Equal(0, TimestepEmbedding.Sinusoidal(torch.tensor(new[] { 503L }), 5)[0, 4].item<float>());
    }
}
