using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tests.Kernels;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Networks;

[Collection(nameof(ProcessWideState))]
public sealed class LinearLayerTests
{
    public static TheoryData<KernelKind> Kinds => [.. KernelKinds.WithPlain];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Joined_layers_give_what_they_give_alone(KernelKind kind)
    {
        using var scope = NewDisposeScope();
        using var choice = KernelChoice.Use(kind);
        var layers = Create();
        var x = randn(2, 40, 24);
        var expected = layers.Select(l => l.forward(x).detach()).ToArray();
        LinearLayer.Join(layers);
        using var noGradient = no_grad();

        Assert.All(
            LinearLayer.ForwardJoined(x, layers).Zip(expected),
            p => TensorAssert.Close(p.First, p.Second, 1e-6)
        );
    }

    [Fact]
    public void Joined_layers_stay_joined_when_weights_are_loaded_and_trained()
    {
        using var scope = NewDisposeScope();
        var (layers, others) = (Create(), Create());
        LinearLayer.Join(layers);
        foreach (var (layer, other) in layers.Zip(others))
        {
            layer.load_state_dict(other.state_dict());
        }

        var x = randn(2, 40, 24);
        using var optimizer = optim.Adam(layers.SelectMany(l => l.parameters()), 0.1);
        layers[1].forward(x).sum().backward();
        optimizer.step();
        using var noGradient = no_grad();

        Assert.True(LinearOperator.FitsJoined(x, [.. layers.Select(l => (Tensor)l.Weight)]));
        TensorAssert.Equal(layers[0].Weight, others[0].Weight);
        Assert.False(layers[1].Weight.equal(others[1].Weight).all().item<bool>());
        TensorAssert.Equal(layers[2].Weight, others[2].Weight);
    }

    private static LinearLayer[] Create() =>
        [new(24, 32, bias: false), new(24, 16, bias: false), new(24, 48, bias: false)];
}
