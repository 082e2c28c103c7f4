using CsCheck;
using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Kernels;

/// <summary>Whole networks on the kernels and on plain libtorch.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class KernelPathTests
{
    private const double Tolerance = 2e-4;

    [Fact]
    public void A_unet_agrees_with_the_plain_path() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[2, 6], Gen.Int[2, 6], Gen.Int[1, 9], Gen.Int[1, 3], Gen.Bool)
            .Sample(
                (batch, height, width, tokens, threads, transformer) =>
                {
                    using var scope = NewDisposeScope();
                    using var noGradient = no_grad();
                    random.manual_seed(7);
                    using var unet = new Unet(
                        new UnetConfig
                        {
                            InChannels = 4,
                            OutChannels = 4,
                            ModelChannels = 32,
                            ChannelMult = [1, 2],
                            NumResBlocks = 1,
                            AttentionResolutions = [1, 2],
                            NumHeads = 4,
                            UseSpatialTransformer = transformer,
                            ContextDim = transformer ? 24 : null,
                        }
                    ).WithoutZeroWeights();
                    var x = randn(batch, 4, 2 * height, 2 * width);
                    var time = randint(0, 1000, [batch]);
                    var context = transformer ? randn(batch, tokens, 24) : null;

                    AssertPathsAgree(threads, () => unet.Forward(x, time, context));
                },
                iter: 12,
                threads: 1
            );

    [Fact]
    public void An_autoencoder_agrees_with_the_plain_path_and_gives_the_same_images() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[2, 8], Gen.Int[2, 8], Gen.Int[1, 3], Gen.Enum<AttentionType>())
            .Sample(
                (batch, height, width, threads, attention) =>
                {
                    using var scope = NewDisposeScope();
                    using var noGradient = no_grad();
                    random.manual_seed(8);
                    using var autoencoder = new KlAutoencoder(
                        new AutoencoderConfig
                        {
                            Channels = 32,
                            ChannelMult = [1, 2],
                            NumResBlocks = 1,
                            ZChannels = 4,
                            Resolution = 16,
                            Attention = attention,
                        },
                        embedDim: 4
                    ).WithoutZeroWeights();
                    var images = rand(batch, 3, 4 * height, 4 * width).mul(2).sub(1);

                    AssertPathsAgree(threads, () => autoencoder.Encode(images));
                    var latents = randn(batch, 4, 2 * height, 2 * width);
                    var (fast, plain) = AssertPathsAgree(threads, () => autoencoder.Decode(latents));
                    var difference = Pixels(fast).sub(Pixels(plain)).abs().max().item<int>();
                    Assert.True(difference <= 1, $"A channel differs by {difference} of 255.");
                },
                iter: 12,
                threads: 1
            );

    [Fact]
    public void Training_follows_the_plain_paths_loss()
    {
        const int Steps = 40;
        using var scope = NewDisposeScope();
        double[] Losses(KernelKind kind)
        {
            using var inner = NewDisposeScope();
            using var choice = KernelChoice.Use(kind);
            random.manual_seed(5);
            using var autoencoder = new KlAutoencoder(
                new AutoencoderConfig
                {
                    Channels = 32,
                    ChannelMult = [1, 2],
                    NumResBlocks = 1,
                    ZChannels = 4,
                    Resolution = 16,
                },
                embedDim: 4
            );
            using var optimizer = optim.Adam(autoencoder.parameters(), 3e-4);
            // Smooth pictures, which are learnt smoothly: on noise, training itself is chaotic and amplifies rounding.
            var images = sin(arange(4 * 3 * 16 * 16, dtype: float32).mul(0.05)).reshape(4, 3, 16, 16);
            List<double> losses = [];
            for (var step = 0; step < Steps; step++)
            {
                using var stepScope = NewDisposeScope();
                optimizer.zero_grad();
                var latents = autoencoder.ModeOfLatents(autoencoder.Encode(images));
                var loss = autoencoder.Decode(latents).sub(images).pow(2).mean();
                loss.backward();
                optimizer.step();
                losses.Add(loss.item<float>());
            }

            return [.. losses];
        }

        var plain = Losses(KernelKind.Plain);
        var fast = Losses(KernelChoice.Best);

        Assert.True(plain[^1] < 0.8 * plain[0], "The loss must fall for the comparison to mean something.");
        for (var step = 0; step < Steps; step++)
        {
            Assert.Equal(plain[step], fast[step], 0.01 * plain[0]);
        }
    }

    [Fact]
    public void A_choice_ends_where_its_scope_ends()
    {
        var before = KernelChoice.Current;
        using (KernelChoice.Use(KernelKind.Plain))
        {
            Assert.Equal(KernelKind.Plain, KernelChoice.Current);
        }

        Assert.Equal(before, KernelChoice.Current);
    }

    private static (Tensor Fast, Tensor Plain) AssertPathsAgree(int threads, Func<Tensor> run)
    {
        var fast = KernelKinds.WithThreads(threads, run);
        using var choice = KernelChoice.Use(KernelKind.Plain);
        var plain = run();
        TensorAssert.Close(fast, plain, Tolerance);
        return (fast, plain);
    }

    private static Tensor Pixels(Tensor images) => images.clamp(-1, 1).add(1).mul(127.5).round().to(int32);
}
