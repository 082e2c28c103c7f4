using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Kernels;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Networks;

[Collection(nameof(ProcessWideState))]
public sealed class AttentionContextTests
{
    public static TheoryData<KernelKind> Kinds => [.. KernelKinds.WithPlain];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Keys_and_values_are_computed_once_and_change_nothing(KernelKind kind)
    {
        using var scope = NewDisposeScope();
        using var choice = KernelChoice.Use(kind);
        using var noGradient = no_grad();
        using var unet = CreateUnet();
        var (x, time, tokens) = (randn(2, 4, 8, 8), tensor(new long[] { 3, 700 }), randn(2, 5, 24));
        var expected = unet.Forward(x, time, tokens);
        var context = new AttentionContext(tokens);

        var first = MultiplyAddCounter.Count(() => TensorAssert.Equal(unet.Forward(x, time, context, null), expected));
        var second = MultiplyAddCounter.Count(() => TensorAssert.Equal(unet.Forward(x, time, context, null), expected));

        // Two products of [B S, D] by [D, C] in every cross-attention.
        Assert.Equal(2 * 2 * 5 * 24 * CrossAttentionChannels(unet), first - second);
    }

    [Fact]
    public void What_is_kept_goes_with_the_scope_of_the_tokens()
    {
        using var unet = CreateUnet();
        using var noGradient = no_grad();
        LiveTensors.Unchanged(() =>
        {
            using var scope = NewDisposeScope();
            var (x, time) = (randn(2, 4, 8, 8), tensor(new long[] { 3, 700 }));
            var context = new AttentionContext(randn(2, 5, 24));
            for (var i = 0; i < 3; i++)
            {
                using var step = NewDisposeScope();
                unet.Forward(x, time, context, null);
            }
        });
    }

    [Fact]
    public void Tokens_get_their_gradient_at_every_step()
    {
        using var scope = NewDisposeScope();
        using var unet = CreateUnet();
        var (x, time) = (randn(2, 4, 8, 8), tensor(new long[] { 3, 700 }));
        var tokens = randn([2, 5, 24], requires_grad: true);
        var context = new AttentionContext(tokens);
        using (no_grad())
        {
            unet.Forward(x, time, context, null);
        }

        for (var i = 0; i < 2; i++)
        {
            tokens.grad?.zero_();
            unet.Forward(x, time, context, null).pow(2).mean().backward();
            Assert.True(tokens.grad!.abs().max().item<float>() > 0);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Guidance_is_what_two_evaluations_give(KernelKind kind)
    {
        using var scope = NewDisposeScope();
        using var choice = KernelChoice.Use(kind);
        using var noGradient = no_grad();
        using var unet = CreateUnet();
        var denoiser = new Denoiser(unet, Parameterization.Eps);
        var (x, time) = (randn(1, 4, 8, 8), tensor(new long[] { 500 }));
        var (something, nothing) = (new Condition(randn(1, 5, 24)), new Condition(zeros(1, 5, 24)));
        var guided = new ClassifierFreeGuidance(denoiser, something, nothing, new GuidanceSettings(Scale: 3));
        var conditional = unet.Forward(x, time, something.Context);
        var unconditional = unet.Forward(x, time, nothing.Context);
        var expected = unconditional.add(conditional.sub(unconditional).mul(3));

        for (var i = 0; i < 2; i++)
        {
            TensorAssert.Close(guided.Denoise(x, NoiseLevel.FromAlphaCumprod(500, 0.3)).Noise, expected, 2e-5);
        }
    }

    private static long CrossAttentionChannels(Unet unet) =>
        unet.named_parameters()
            .Where(p => p.name.EndsWith("attn2.to_k.weight", StringComparison.Ordinal))
            .Sum(p => p.parameter.shape[0]);

    private static Unet CreateUnet()
    {
        random.manual_seed(3);
        return new Unet(
            new UnetConfig
            {
                InChannels = 4,
                OutChannels = 4,
                ModelChannels = 32,
                ChannelMult = [1, 2],
                NumResBlocks = 1,
                AttentionResolutions = [1, 2],
                NumHeads = 4,
                UseSpatialTransformer = true,
                ContextDim = 24,
            }
        ).WithoutZeroWeights();
    }
}
