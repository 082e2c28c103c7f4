using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class SpatialRescalerTests
{
    [Fact]
    public void Result_and_name_equal_the_reference()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var rescaler = FormulaWeights.Fill(new SpatialRescaler(stages: 2, inputChannels: 5, outputChannels: 3));

        var output = rescaler.forward(FormulaInput.X([1, 5, 16, 16], 0.017));

        Assert.Equal(["channel_mapper.weight"], rescaler.state_dict().Keys);
        TensorAssert.Close(output, GoldenCase.Load("conditioning", "spatial_rescaler").Tensor("out"), 1e-5);
    }

    [Fact]
    public void The_published_semantic_model_has_its_weight()
    {
        using var rescaler = new SpatialRescaler(stages: 2, inputChannels: 182, outputChannels: 3);

        KeyList.Matches(KeyList.Read("semantic256").Below("cond_stage_model."), rescaler);
    }

    [Theory]
    [InlineData(RescaleMethod.Bilinear)]
    [InlineData(RescaleMethod.Nearest)]
    [InlineData(RescaleMethod.Bicubic)]
    [InlineData(RescaleMethod.Area)]
    public void Without_output_channels_it_scales_alone(RescaleMethod method)
    {
        using var scope = torch.NewDisposeScope();
        using var rescaler = new SpatialRescaler(stages: 2, inputChannels: 2, method: method);

        var output = rescaler.forward(torch.full(1, 2, 16, 8, 0.25));

        Assert.Empty(rescaler.state_dict());
        Assert.Equal([1, 2, 4, 2], output.shape);
        Assert.All(TensorAssert.Values(output), v => Assert.Equal(0.25, v, 1e-6));
    }

    [Fact]
    public void Its_weight_learns()
    {
        using var scope = torch.NewDisposeScope();
        using var rescaler = new SpatialRescaler(stages: 1, inputChannels: 4, outputChannels: 2);

        rescaler.forward(torch.rand(1, 4, 8, 8)).sum().backward();

        Assert.All(rescaler.parameters(), p => Assert.NotNull(p.grad));
    }
}
