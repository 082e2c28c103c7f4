using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

[Collection(nameof(ProcessWideState))]
public sealed class EncoderUnetTests
{
    public static TheoryData<string> Cases => [.. GoldenCase.Names("classifier")];

    public static TheoryData<EncoderPooling> Poolings => [.. Enum.GetValues<EncoderPooling>()];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Output_and_size_equal_the_reference(string name)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var golden = GoldenCase.Load("classifier", name);
        var config = golden.Case("config");
        using var network = FormulaWeights.Fill(
            new EncoderUnet(
                golden.Config<EncoderUnetConfig>(),
                config.Integer("in_channels"),
                config.Integer("out_channels"),
                config.Integer("image_size")
            )
        );

        Assert.Equal(golden.Integer("n_params"), network.parameters().Sum(p => p.numel()));
        var fast = Run(network, torch.float32);
        using var plain = KernelChoice.Use(KernelKind.Plain);
        network.to(torch.float64);
        var exact = Run(network, torch.float64);
        TensorAssert.Close(exact, golden.Tensor("out"), 2e-5);
        TensorAssert.Close(fast, exact, 5e-5);
    }

    [Theory]
    [MemberData(nameof(Poolings))]
    public void Names_are_the_references(EncoderPooling pool)
    {
        using var network = Small(pool);

        var head = network.state_dict().Keys.Where(k => k.StartsWith("out.", StringComparison.Ordinal)).Order();

        string[] expected = pool switch
        {
            EncoderPooling.Adaptive => ["out.0.bias", "out.0.weight", "out.3.bias", "out.3.weight"],
            EncoderPooling.Attention =>
            [
                "out.0.bias",
                "out.0.weight",
                "out.2.c_proj.bias",
                "out.2.c_proj.weight",
                "out.2.positional_embedding",
                "out.2.qkv_proj.bias",
                "out.2.qkv_proj.weight",
            ],
            EncoderPooling.Spatial => ["out.0.bias", "out.0.weight", "out.2.bias", "out.2.weight"],
            _ => ["out.0.bias", "out.0.weight", "out.1.bias", "out.1.weight", "out.3.bias", "out.3.weight"],
        };
        Assert.Equal(expected.Order(), head);
    }

    [Theory]
    [MemberData(nameof(Poolings))]
    public void Gradients_reach_input_and_weights_with_and_without_checkpointing(EncoderPooling pool)
    {
        using var scope = torch.NewDisposeScope();
        using var network = Small(pool).WithoutZeroWeights();
        var (input, timesteps) = (FormulaInput.X([2, 3, 8, 8]), torch.tensor(new[] { 17L, 503L }));

        var kept = Gradient(checkpointing: false);
        var computedAgain = Gradient(checkpointing: true);

        Assert.True(kept.abs().max().item<float>() > 0);
        TensorAssert.Close(computedAgain, kept, 1e-4);
        Assert.All(network.named_parameters(), p => Assert.NotNull(p.parameter.grad));

        torch.Tensor Gradient(bool checkpointing)
        {
            GradientCheckpointing.Set(network, checkpointing);
            var leaf = input.detach().requires_grad_();
            network.Forward(leaf, timesteps).square().sum().backward();
            return leaf.grad!;
        }
    }

    [Fact]
    public void Nothing_is_left_in_memory()
    {
        using var network = Small(EncoderPooling.SpatialV2);
        using var input = FormulaInput.X([2, 3, 8, 8]);
        using var timesteps = torch.tensor(new[] { 17L, 503L });

        LiveTensors.WithoutCollection(() => LiveTensors.Unchanged(() => network.Forward(input, timesteps).Dispose()));
    }

    [Fact]
    public void Wrong_shapes_are_named()
    {
        using var scope = torch.NewDisposeScope();
        using var attention = Small(EncoderPooling.Attention);
        using var spatial = Small(EncoderPooling.Spatial);
        var timesteps = torch.tensor(new[] { 1L });

        AssertSays("takes [B, 3, H, W]", () => attention.Forward(torch.zeros(1, 4, 8, 8), timesteps));
        AssertSays("must be 8", () => attention.Forward(torch.zeros(1, 3, 16, 8), timesteps));
        AssertSays("must be multiples of 2", () => spatial.Forward(torch.zeros(1, 3, 9, 8), timesteps));
        AssertSays("no multiple of 2", () => Small(EncoderPooling.Spatial, size: 9));
        Assert.Equal([1, 5], spatial.Forward(torch.zeros(1, 3, 16, 12), timesteps).shape);

        static void AssertSays(string message, Func<object> action) =>
            Assert.Contains(message, Assert.Throws<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    private static EncoderUnet Small(EncoderPooling pool, int size = 8) =>
        new(
            new EncoderUnetConfig
            {
                ModelChannels = 32,
                ChannelMult = [1, 2],
                NumResBlocks = 1,
                AttentionResolutions = [2],
                Pool = pool,
            },
            inChannels: 3,
            outChannels: 5,
            size
        );

    private static torch.Tensor Run(EncoderUnet network, torch.ScalarType type) =>
        network.Forward(FormulaInput.X([2, 3, 8, 8]).to(type), torch.tensor(new[] { 17L, 503L }));
}
