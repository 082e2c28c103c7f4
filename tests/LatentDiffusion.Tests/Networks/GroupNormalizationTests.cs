using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tests.Kernels;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class GroupNormalizationTests
{
    [Fact]
    public void It_starts_as_the_identity_on_normalised_input()
    {
        // Memory that was used before is what shows uninitialised weights.
        foreach (var channels in new[] { 32, 64, 320, 1024, 32 })
        {
            using var scope = torch.NewDisposeScope();
            torch.full([channels], float.NaN).Dispose();
            using var norm = new GroupNormalization(channels, GroupNormalization.UnetEpsilon);

            TensorAssert.Equal(norm.state_dict()["weight"], torch.ones(channels));
            TensorAssert.Equal(norm.state_dict()["bias"], torch.zeros(channels));
        }
    }

    [Theory]
    [InlineData(GroupNormalization.UnetEpsilon)]
    [InlineData(GroupNormalization.AutoencoderEpsilon)]
    [InlineData(0.5)]
    public void It_normalises_each_group_of_channels(double epsilon)
    {
        const int PerGroup = 2 * 6;
        using var scope = torch.NewDisposeScope();
        using var norm = FormulaWeights.Fill(new GroupNormalization(64, epsilon));
        var x = FormulaInput.X([2, 64, 2, 3], 0.7).mul(0.1).add(0.3);
        var (weight, bias) = (
            TensorAssert.Values(norm.state_dict()["weight"]),
            TensorAssert.Values(norm.state_dict()["bias"])
        );

        var expected = TensorAssert
            .Values(x)
            .Chunk(PerGroup)
            .SelectMany(
                (group, number) =>
                {
                    var mean = group.Average();
                    var deviation = Math.Sqrt(group.Average(v => (v - mean) * (v - mean)) + epsilon);
                    return group.Select(
                        (v, i) =>
                        {
                            var channel = (2 * number + i / 6) % 64;
                            return (v - mean) / deviation * weight[channel] + bias[channel];
                        }
                    );
                }
            );

        TensorAssert.Close(norm.forward(x), [.. expected], 1e-6);
    }

    [Fact]
    public void It_follows_a_change_of_precision()
    {
        using var scope = torch.NewDisposeScope();
        using var norm = FormulaWeights.Fill(new GroupNormalization(32, GroupNormalization.UnetEpsilon));
        var x = FormulaInput.X([1, 32, 2, 2]);
        var single = norm.forward(x);

        norm.to(torch.float64);

        TensorAssert.Close(norm.forward(x.to(torch.float64)), single);
    }

    [Fact]
    public void Channels_that_do_not_divide_into_groups_are_refused() =>
        Assert.Throws<ArgumentException>(() => new GroupNormalization(48, 1e-5));

    [Fact]
    public void Parts_of_a_map_are_normalised_with_the_statistics_of_the_whole()
    {
        foreach (var kernels in KernelKinds.WithPlain)
        {
            using var scope = torch.NewDisposeScope();
            using var noGradient = torch.no_grad();
            using var use = KernelChoice.Use(kernels);
            using var norm = FormulaWeights.Fill(new GroupNormalization(64, GroupNormalization.AutoencoderEpsilon));
            var x = FormulaInput.X([1, 64, 9, 4], 0.7).mul(torch.linspace(0, 1, 9).view(-1, 1)).add(3);
            var parts = new[] { x.narrow(2, 0, 1), x.narrow(2, 1, 5), x.narrow(2, 6, 3) };
            var (whole, activated, own) = (norm.forward(x), norm.ForwardSilu(x), norm.forward(parts[1]));
            var statistics = new GroupStatistics(norm.Groups);
            foreach (var part in parts)
            {
                statistics.Add(part);
            }

            using (norm.UseStatistics(statistics))
            {
                TensorAssert.Close(torch.cat([.. parts.Select(norm.forward)], 2), whole, 1e-5);
                TensorAssert.Close(torch.cat([.. parts.Select(norm.ForwardSilu)], 2), activated, 1e-5);
            }

            TensorAssert.Equal(norm.forward(parts[1]), own);
        }
    }

    [Fact]
    public void The_number_of_groups_can_be_chosen()
    {
        foreach (var kernels in KernelKinds.WithPlain)
        {
            using var scope = torch.NewDisposeScope();
            using var use = KernelChoice.Use(kernels);
            using var norm = new GroupNormalization(32, GroupNormalization.AutoencoderEpsilon, groups: 8);
            var x = FormulaInput.X([2, 32, 5, 3], 0.7);

            var groups = norm.forward(x).detach().reshape(2, 8, -1);

            TensorAssert.Close(groups.mean([2L]).add(1), torch.ones(2, 8), 1e-5);
            TensorAssert.Close(groups.std(2, unbiased: false), torch.ones(2, 8), 1e-4);
        }
    }

    [Fact]
    public void Given_statistics_are_for_inference()
    {
        using var scope = torch.NewDisposeScope();
        using var norm = new GroupNormalization(32, GroupNormalization.AutoencoderEpsilon);
        var x = FormulaInput.X([1, 32, 2, 2]);
        var statistics = new GroupStatistics(norm.Groups);
        statistics.Add(x);

        using var use = norm.UseStatistics(statistics);

        Assert.Throws<InvalidOperationException>(() => norm.forward(x));
    }
}
