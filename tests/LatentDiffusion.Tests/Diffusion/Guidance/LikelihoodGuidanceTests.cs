using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion.Guidance;

/// <summary>Score correction, classifier guidance, guidance by images.</summary>
public sealed class LikelihoodGuidanceTests : IDisposable
{
    private static readonly NoiseLevels Schedule = new(NoiseSchedule.Create(new NoiseScheduleConfig()));
    private static readonly NoiseLevel Level = NoiseLevel.FromAlphaCumprod(503, 0.3);

    private readonly torch.Tensor _noisy = FormulaInput.X([2, 3, 8, 8]);

    [Fact]
    public void A_score_corrector_sees_noise_latents_and_level_and_comes_before_clipping()
    {
        using var scope = torch.NewDisposeScope();
        var corrected = ConstrainedDenoiser.Clip(
            new ScoreCorrection(
                new WaveModel(),
                (noise, noisy, level) => noise.add(noisy.mul(0.1)).add(level.Timestep / 1000)
            )
        );
        var expected = new WaveModel().Denoise(_noisy, Level).Noise.add(_noisy.mul(0.1)).add(0.503);

        var prediction = corrected.Denoise(_noisy, Level);

        TensorAssert.Close(prediction.Noise, expected, 1e-6);
        TensorAssert.Close(
            prediction.Clean,
            _noisy.sub(expected.mul(Level.Noise)).div(Level.Signal).clamp(-1, 1),
            1e-6
        );
    }

    [Fact]
    public void A_classifier_is_asked_with_timesteps_and_labels_and_its_gradient_raises_the_likelihood()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var classifier = new LinearClassifier();
        var labels = torch.tensor([0L, 1L]);
        var guided = ClassifierGuidance.By(new WaveModel(), classifier, labels, scale: 2);
        var plain = new WaveModel().Denoise(_noisy, Level);

        var prediction = guided.Denoise(_noisy, Level);

        Assert.Equal([503.0, 503.0], classifier.Timesteps);
        // log p = -(z - y)^2 / 2 summed, whose gradient is y - z.
        var gradient = labels.to(torch.float32).reshape(-1, 1, 1, 1).sub(_noisy);
        TensorAssert.Close(prediction.Noise, plain.Noise.sub(gradient.mul(2 * Level.Noise)), 1e-5);
        Assert.False(prediction.Noise.requires_grad);
    }

    [Theory]
    [InlineData(false, "identity", 1)]
    [InlineData(true, "identity", 4)]
    [InlineData(false, "bicubic", 10)]
    [InlineData(true, "bicubic", 40)]
    [InlineData(false, "mask", 1)]
    public void Guided_samples_look_like_the_target_after_the_operator(bool throughNetwork, string name, double scale)
    {
        using var scope = torch.NewDisposeScope();
        // Data of independent pixels around 0: without guidance nothing looks like the target.
        var mask = torch.zeros(1, 1, 8, 8);
        mask.narrow(3, 0, 4).fill_(1);
        var imageOperator = name switch
        {
            "bicubic" => ImageOperator.BicubicDownsampling(4),
            "mask" => ImageOperator.Mask(mask),
            _ => ImageOperator.Identity,
        };
        var target = imageOperator(FormulaInput.X([2, 3, 8, 8], 0.05));
        var wanted = new GuidanceTarget(target, clean => clean.alias(), imageOperator);
        var model = new IndependentPixels(0.25);

        var plain = Error(model);
        var guided = Error(new ImageGuidance(model, wanted, scale, throughNetwork));

        Assert.True(guided < 0.8 * plain, $"{guided} guided, {plain} without");

        double Error(IDenoiser denoiser)
        {
            using var sample = Sample(denoiser);
            return imageOperator(sample).sub(target).pow(2).mean().item<float>();
        }
    }

    [Fact]
    public void A_perceptual_distance_can_take_the_place_of_the_squared_error()
    {
        using var scope = torch.NewDisposeScope();
        var target = FormulaInput.X([2, 3, 8, 8], 0.05);
        var guided = new ImageGuidance(
            new WaveModel(),
            new GuidanceTarget(
                target,
                clean => clean.alias(),
                ImageOperator.Identity,
                (seen, image) => seen.sub(image).mean([1, 2, 3], keepdim: true).mul(5)
            ),
            scale: 2
        );

        // The gradient of -5 mean(x - y) is -5 / 192 everywhere.
        var difference = guided.Denoise(_noisy, Level).Noise.sub(new WaveModel().Denoise(_noisy, Level).Noise);
        TensorAssert.Close(difference, torch.full_like(_noisy, 2 * Level.Noise * Level.Signal * 5 / 192), 1e-4);
    }

    [Fact]
    public void A_target_of_another_size_than_the_operator_makes_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        var target = new GuidanceTarget(torch.zeros(2, 3, 8, 8), x => x.alias(), ImageOperator.BicubicDownsampling(4));

        Assert.Throws<ArgumentException>(() =>
            new ImageGuidance(new WaveModel(), target, scale: 1).Denoise(_noisy, Level)
        );
    }

    [Fact]
    public void A_gradient_through_a_network_leaves_its_own_gradients_alone()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var unet = new Unet(
            new UnetConfig
            {
                InChannels = 3,
                OutChannels = 3,
                ModelChannels = 32,
                ChannelMult = [1],
                NumResBlocks = 1,
                NumHeads = 1,
            }
        );
        FormulaWeights.Fill(unet);
        var model = new ConditionedDenoiser(new Denoiser(unet, Parameterization.V), Condition.None);
        var target = new GuidanceTarget(torch.zeros(2, 3, 8, 8), x => x.alias(), ImageOperator.Identity);

        var through = new ImageGuidance(model, target, scale: 1, throughNetwork: true).Denoise(_noisy, Level);
        var beside = new ImageGuidance(model, target, scale: 1).Denoise(_noisy, Level);

        Assert.All(unet.parameters(), parameter => Assert.Null(parameter.grad));
        Assert.False(through.Noise.requires_grad);
        Assert.NotEqual(TensorAssert.Values(through.Noise), TensorAssert.Values(beside.Noise));
    }

    public void Dispose()
    {
        _noisy.Dispose();
    }

    private static torch.Tensor Sample(IDenoiser denoiser)
    {
        using var scope = torch.NewDisposeScope();
        return Sampling
            .Run(
                new DpmSolverSampler(),
                denoiser,
                SamplingLevels.Create(Schedule, Spacing.Karras, 25, SamplingEnd.Clean),
                FormulaInput.X([2, 3, 8, 8], 1.7, a => 1.4 * Math.Sin(a))
            )
            .MoveToOuterDisposeScope();
    }

    /// <summary>The best denoiser for independent pixels of N(0, v).</summary>
    private sealed class IndependentPixels(double variance) : IDenoiser
    {
        public Prediction Denoise(torch.Tensor noisy, NoiseLevel level) =>
            new(
                Parameterization.X0,
                noisy,
                level,
                noisy.mul(level.Signal * variance / (variance * level.AlphaCumprod + level.Noise * level.Noise))
            );
    }

    private sealed class LinearClassifier : INoisyLatentClassifier
    {
        public double[] Timesteps { get; private set; } = [];

        public torch.Tensor LogProbability(torch.Tensor noisy, torch.Tensor timesteps, torch.Tensor labels)
        {
            Timesteps = TensorAssert.Values(timesteps);
            using var scope = torch.NewDisposeScope();
            return noisy
                .sub(labels.to(torch.float32).reshape(-1, 1, 1, 1))
                .pow(2)
                .flatten(1)
                .sum(1)
                .mul(-0.5)
                .MoveToOuterDisposeScope();
        }
    }
}
