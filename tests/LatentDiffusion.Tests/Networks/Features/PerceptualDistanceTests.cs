using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks.Features;

public sealed class PerceptualDistanceTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly SqueezeNetFeatures _network = FormulaWeights.Fill(new SqueezeNetFeatures());
    private readonly torch.Tensor _first = FormulaInput.X([2, 3, 32, 32], 0.011);
    private readonly torch.Tensor _second = FormulaInput.X([2, 3, 32, 32], 0.017);

    [Theory]
    [InlineData(KernelKind.Plain)]
    [InlineData(null)]
    public void Distances_and_names_equal_the_reference(KernelKind? kernels)
    {
        using var kind = KernelChoice.Use(kernels ?? KernelChoice.Best);
        var golden = GoldenCase.Load("losses", "lpips_formula_weights");
        var network = new Vgg16Features();
        using var distance = new PerceptualDistance(network, new PerceptualHeads(network.StageChannels));
        FormulaWeights.Fill(distance);

        Assert.Equal(golden.Strings("keys").Order(), distance.state_dict().Keys.Order());
        TensorAssert.Close(distance.forward(_first, _second), golden.Tensor("out"));
    }

    [Fact]
    public void An_image_has_no_distance_to_itself()
    {
        using var distance = new PerceptualDistance(_network);
        Assert.Equal([0.0, 0.0], TensorAssert.Values(distance.Between(_first, _first)));
    }

    [Fact]
    public void Distances_are_positive_and_symmetric()
    {
        using var distance = new PerceptualDistance(_network);
        var there = distance.Between(_first, _second);

        Assert.Equal([2L, 1, 1, 1], there.shape);
        Assert.All(TensorAssert.Values(there), d => Assert.True(d > 0));
        TensorAssert.Equal(distance.Between(_second, _first), there);
    }

    [Fact]
    public void An_image_does_not_notice_the_rest_of_its_batch()
    {
        using var distance = new PerceptualDistance(_network);
        var both = distance.Between(_first, _second);
        var alone = distance.Between(_first[1..], _second[1..]);

        TensorAssert.Close(alone, both[1..], 1e-4);
    }

    [Fact]
    public void Heads_of_one_count_every_channel_once_and_others_weigh_them()
    {
        using var distance = new PerceptualDistance(_network, new PerceptualHeads(_network.StageChannels));
        var ones = distance.Between(_first, _second);
        foreach (var (name, tensor) in distance.state_dict())
        {
            if (name.StartsWith("lin", StringComparison.Ordinal))
            {
                tensor.mul_(2);
            }
        }

        TensorAssert.Close(ones, Baseline());
        TensorAssert.Close(distance.Between(_first, _second), ones.mul(2));
    }

    [Fact]
    public void Gradients_reach_the_images_that_ask_and_no_weight()
    {
        using var distance = new PerceptualDistance(_network, new PerceptualHeads(_network.StageChannels));
        var reconstruction = _first.clone().requires_grad_();
        distance.Between(reconstruction, _second).mean().backward();

        Assert.True(reconstruction.grad!.abs().sum().item<float>() > 0);
        Assert.Null(_second.grad);
        Assert.All(distance.parameters(), p => Assert.False(p.requires_grad));
        Assert.All(distance.parameters(), p => Assert.Null(p.grad));
    }

    [Fact]
    public void The_gradient_is_the_slope()
    {
        using var plain = KernelChoice.Use(KernelKind.Plain);
        using var distance = new PerceptualDistance(_network);
        distance.to(torch.float64);
        var (x, y) = (_first.to(torch.float64).requires_grad_(), _second.to(torch.float64).requires_grad_());
        distance.Between(x, y).sum().backward();
        var direction = FormulaInput.X(x.shape, 0.7).to(torch.float64);
        const double Step = 1e-6;

        using var noGradient = torch.no_grad();
        var slope = distance.Between(x + Step * direction, y).sum() - distance.Between(x - Step * direction, y).sum();
        var other = distance.Between(x, y + Step * direction).sum() - distance.Between(x, y - Step * direction).sum();
        TensorAssert.Close((x.grad! * direction).sum(), slope / (2 * Step), 1e-3);
        TensorAssert.Close((y.grad! * direction).sum(), other / (2 * Step), 1e-3);
    }

    [Fact]
    public void Maps_without_any_activation_have_a_finite_gradient()
    {
        using var distance = new PerceptualDistance(Layer.ZeroInitialised(_network));
        var x = _first.clone().requires_grad_();
        distance.Between(x, _second).sum().backward();

        Assert.Equal(0, x.grad!.abs().sum().item<float>());
    }

    [Fact]
    public void Head_dropout_is_for_training_mode_alone()
    {
        using var distance = new PerceptualDistance(_network, heads: null, headDropout: true);
        TensorAssert.Close(distance.Between(_first, _second), Baseline());

        distance.train();
        var (one, another) = (distance.Between(_first, _second), distance.Between(_first, _second));
        Assert.NotEqual(TensorAssert.Values(one), TensorAssert.Values(another));
        TensorAssert.Close(one, Baseline(), 0.5);
    }

    [Fact]
    public void Training_mode_changes_nothing_by_default_and_never_reaches_the_network()
    {
        using var distance = new PerceptualDistance(_network);
        var before = distance.Between(_first, _second);
        distance.train();

        Assert.False(_network.training);
        TensorAssert.Equal(distance.Between(_first, _second), before);
    }

    [Fact]
    public void Grey_images_are_repeated_over_the_channels()
    {
        using var distance = new PerceptualDistance(_network);
        var (first, second) = (_first[.., ..1], _second[.., ..1]);

        TensorAssert.Equal(
            distance.Between(first, second),
            distance.Between(first.repeat(1, 3, 1, 1), second.repeat(1, 3, 1, 1))
        );
    }

    [Fact]
    public void Images_of_different_shape_and_heads_of_another_network_are_refused()
    {
        using var distance = new PerceptualDistance(_network);
        Assert.Throws<ArgumentException>(() => distance.Between(_first, _second[1..]));
        using var heads = new PerceptualHeads([64, 192, 384, 256, 256]);
        var error = Assert.Throws<ArgumentException>(() => new PerceptualDistance(_network, heads));
        Assert.Contains("64, 192, 384, 256, 256", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _network.Dispose();
        _scope.Dispose();
    }

    // From the definition, pixel by pixel where the library averages first.
    private torch.Tensor Baseline()
    {
        var distances = _network.Stages(_first).Zip(_network.Stages(_second), StageDistance);
        return distances.Aggregate((sum, d) => sum + d).reshape(-1, 1, 1, 1);

        static torch.Tensor StageDistance(torch.Tensor a, torch.Tensor b) =>
            (Unit(a) - Unit(b)).pow(2).sum(1).mean([1L, 2L]);

        static torch.Tensor Unit(torch.Tensor map) => map / (map.pow(2).sum(1, keepdim: true).sqrt() + 1e-10);
    }
}
