using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Trainers;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Training;

/// <summary>The reference's complete losses: perceptual, adversarial with its adaptive weight, regularisation.</summary>
public sealed class AutoencoderLossGoldenTests
{
    private static readonly AutoencoderConfig Architecture = new()
    {
        Channels = 32,
        ChannelMult = [1, 2],
        NumResBlocks = 1,
        AttentionResolutions = [8],
        Resolution = 16,
        ZChannels = 4,
    };

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void Kl_loss_equals_the_reference(int step)
    {
        using var scope = torch.NewDisposeScope();
        using var plain = KernelChoice.Use(KernelKind.Plain);
        var golden = GoldenCase.Load("losses", "loss_kl_lpips_disc").Case($"step{step}");
        using var autoencoder = FormulaWeights.Fill(new KlAutoencoder(Architecture, embedDim: 3));
        var config = new AutoencoderLossConfig
        {
            Adversarial = new AdversarialLossConfig
            {
                Start = 10,
                Weight = 0.5,
                Layers = 2,
            },
        };
        using var opponents = new Opponents(config);
        var images = Images();
        var posterior = new DiagonalGaussian(autoencoder.Encode(images));

        var losses = opponents.Run(
            images,
            Decode(autoencoder, posterior.Mean),
            opponents.Loss.Kl(posterior),
            sums: true,
            step
        );

        Assert.Equal(golden.Number("train/kl_loss"), posterior.KullbackLeibler().mean().item<float>(), 1e-4);
        AssertLosses(golden, losses, opponents, images, step);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void Vq_loss_equals_the_reference(int step)
    {
        using var scope = torch.NewDisposeScope();
        using var plain = KernelChoice.Use(KernelKind.Plain);
        var golden = GoldenCase.Load("losses", "loss_vq_lpips_disc").Case($"step{step}");
        using var autoencoder = FormulaWeights.Fill(
            new VqAutoencoder(Architecture with { ZChannels = 3 }, embedDim: 3, codes: 16)
        );
        var config = new AutoencoderLossConfig
        {
            Adversarial = new AdversarialLossConfig
            {
                Start = 10,
                Weight = 0.75,
                Layers = 2,
                Features = 8,
            },
        };
        using var opponents = new Opponents(config);
        var images = Images();
        var quantized = autoencoder.Quantizer.Quantize(autoencoder.Encode(images));

        var losses = opponents.Run(
            images,
            Decode(autoencoder, quantized.Quantized),
            opponents.Loss.Codebook(quantized.Loss),
            sums: false,
            step
        );

        Assert.Equal(golden.Number("train/quant_loss"), quantized.Loss.item<float>(), 1e-6);
        Assert.Equal(golden.Number("train/p_loss"), losses.Reconstruction.PerceptualDistance!.item<float>(), 1e-6);
        AssertLosses(golden, losses, opponents, images, step);
    }

    [Theory]
    [InlineData(AdversarialLossKind.Hinge, "hinge")]
    [InlineData(AdversarialLossKind.Vanilla, "vanilla")]
    public void Discriminator_losses_equal_the_reference(AdversarialLossKind kind, string name)
    {
        using var scope = torch.NewDisposeScope();

        var loss = Adversary.Loss(kind, FormulaInput.X([2, 1, 3, 3]), FormulaInput.X([2, 1, 3, 3], 0.7));

        Assert.Equal(GoldenCase.Load("losses", "disc_losses").Number(name), loss.item<float>(), 1e-6);
    }

    private static void AssertLosses(
        GoldenCase golden,
        AutoencoderLosses losses,
        Opponents opponents,
        torch.Tensor images,
        int step
    )
    {
        // The decoder's norms blow rounding up on this input, as AutoencoderGoldenTests tells.
        const double Relative = 5e-5;
        Equal("train/total_loss", losses.Total.item<float>());
        Equal("train/nll_loss", losses.Reconstruction.Likelihood.item<float>());
        Equal("train/rec_loss", losses.Reconstruction.PerElement.item<float>());
        Equal("train/g_loss", losses.Generator!.item<float>());
        Equal("train/d_weight", losses.AdversarialWeight!.Value, 1e-3);
        var judged = opponents.Adversary.Judge(images, opponents.Reconstruction!);
        Equal("train/logits_real", judged.Real.item<float>());
        Equal("train/logits_fake", judged.Fake.item<float>());
        Equal("train/disc_loss", judged.Value.item<float>() * opponents.Adversary.FactorAt(step));

        void Equal(string name, double actual, double relative = Relative)
        {
            var expected = golden.Number(name);
            Assert.True(
                Math.Abs(actual - expected) <= relative * Math.Max(Math.Abs(expected), 1e-2),
                $"{name}: {actual:g9} instead of {expected:g9}"
            );
        }
    }

    private static torch.Tensor Images() => FormulaInput.X([2, 3, 16, 16], 0.011);

    private static Decoded Decode(IDecoderInTwoParts decoder, torch.Tensor latents)
    {
        var features = decoder.DecodeToFeatures(latents);
        return new Decoded(features, decoder.LastLayer, decoder.LastLayer.forward(features));
    }

    /// <summary>The reference's loss module: its parts share one formula.</summary>
    private sealed class Opponents : IDisposable
    {
        private readonly PerceptualDistance _perceptual = new(
            new Vgg16Features(),
            new PerceptualHeads([64, 128, 256, 512, 512])
        );

        public Opponents(AutoencoderLossConfig config)
        {
            Adversary = new Adversary(
                config.Adversarial!,
                new OptimizerConfig { LearningRate = 1e-4 },
                samplesPerStep: 2,
                alwaysPlays: true
            );
            Loss = new AutoencoderLoss(config, _perceptual.Between);
            FormulaWeights.Fill(_perceptual);
            FormulaWeights.Fill(Adversary.Discriminator);
        }

        public Adversary Adversary { get; }

        public AutoencoderLoss Loss { get; }

        public torch.Tensor? Reconstruction { get; private set; }

        public AutoencoderLosses Run(
            torch.Tensor images,
            Decoded decoded,
            Regularisation regularisation,
            bool sums,
            long step
        )
        {
            Reconstruction = decoded.Images;
            return AutoencoderBackward.Run(images, decoded, regularisation, Loss, sums, Adversary, step, share: 1);
        }

        public void Dispose()
        {
            _perceptual.Dispose();
            Adversary.Dispose();
        }
    }
}
