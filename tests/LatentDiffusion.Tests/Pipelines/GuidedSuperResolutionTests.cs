using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Samplers;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Training;
using LatentDiffusion.Training.Experiments;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

/// <summary>
/// Post-hoc guidance by images (LDM appendix C) from end to end: both stages are trained, without any low resolution, and then
/// asked for images that look like a small one.
/// </summary>
[Collection(nameof(ProcessWideState))]
public sealed class GuidedSuperResolutionTests : IDisposable
{
    private const int Side = 16;
    private const int Factor = 4;
    private const int Targets = 8;

    // Chosen on other pictures and noise (pictures 1000 to 1003, seed 5) than those that are asserted on.
    private const int FirstTarget = 2000;
    private const int NoiseSeed = 6;
    private const double ScaleThroughNetwork = 5;
    private const double ScaleBesideNetwork = 200;

    private static readonly TrainingConfig Training = TinyTraining.Short with { BatchSize = 8, LogEvery = 50 };

    private readonly TinyTraining _tiny = new();
    private readonly TemporaryFolder _images = new();

    public void Dispose()
    {
        _tiny.Dispose();
        _images.Dispose();
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void Guided_samples_look_like_the_small_image_and_unguided_ones_do_not()
    {
        using var model = Train();
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var small = ImageOperator.BicubicDownsampling(Factor);
        var target = small(ImageTensors.FromImages([.. Enumerable.Range(FirstTarget, Targets).Select(Picture)]));
        var plain = new ConditionedDenoiser(model.Denoiser, Condition.None);

        var unguided = Error(plain);
        var wanted = new GuidanceTarget(target, model.DecodeScaled, small);
        var through = Error(new ImageGuidance(plain, wanted, ScaleThroughNetwork, throughNetwork: true));
        var beside = Error(new ImageGuidance(plain, wanted, ScaleBesideNetwork));

        Assert.True(through < 0.8 * unguided, $"{through} guided through the network, {unguided} without");
        Assert.True(beside < 0.8 * unguided, $"{beside} guided beside the network, {unguided} without");
        var (without, asked) = (ErrorOfRequest(model, 0), ErrorOfRequest(model, ScaleBesideNetwork));
        Assert.True(asked < 0.8 * without, $"{asked} guided as a request asks, {without} without");

        double Error(IDenoiser denoiser)
        {
            var size = Side / model.FirstStage.DownsamplingFactor;
            using var noise = NoiseSource.FromSeed(NoiseSeed, Targets);
            var latents = Sampling.Run(
                new DpmSolverSampler(),
                denoiser,
                SamplingLevels.Create(new NoiseLevels(model.Process.Schedule), Spacing.Karras, 20, SamplingEnd.Clean),
                noise.Next(model.FirstStage.LatentChannels, size, size)
            );
            return small(model.DecodeScaled(latents)).sub(target).pow(2).mean().item<float>();
        }
    }

    // By way of images and of a request, as programs ask for it.
    private static double ErrorOfRequest(LatentDiffusionModel model, double scale)
    {
        var small = ImageOperator.BicubicDownsampling(Factor);
        var pictures = ImageTensors.FromImages([.. Enumerable.Range(FirstTarget, Targets).Select(Picture)]);
        var inputs = ImageTensors.ToImages(small(pictures));
        var samples = new ImageSampler(model).Sample(
            new SamplingRequest
            {
                Inputs = [.. inputs.Select(low => new ConditionInput { LowResolution = low })],
                Seed = NoiseSeed,
                InputGuidance = scale,
            },
            cancellation: TestContext.Current.CancellationToken
        );
        return small(ImageTensors.FromImages(samples)).sub(ImageTensors.FromImages(inputs)).pow(2).mean().item<float>();
    }

    private LatentDiffusionModel Train()
    {
        for (var i = 0; i < 64; i++)
        {
            File.WriteAllBytes(_images[$"{i:d2}.png"], PngEncoder.Encode(Picture(i)));
        }

        var data = new ImageFolderConfig { Path = _images.Root, Size = Side };
        _tiny.Train(
            _tiny.Autoencoder("kl") with
            {
                Data = data,
                Model = new KlConfig
                {
                    EmbedDim = 3,
                    Network = new AutoencoderConfig
                    {
                        Channels = 32,
                        ChannelMult = [1, 1],
                        NumResBlocks = 1,
                        ZChannels = 3,
                        Resolution = Side,
                    },
                },
                Training = Training with { Steps = 120 },
            },
            "autoencoder"
        );
        _tiny.Train(
            new DiffusionExperiment
            {
                Data = data,
                Optimizer = new() { LearningRate = 1e-3 },
                FirstStage = _tiny["autoencoder"],
                Unet = SmallModels.Pixels.Unet,
                Training = Training with { Steps = 200 },
            },
            "diffusion"
        );
        return ModelFile.LoadLatentDiffusion(_tiny["diffusion"], useAverages: false);
    }

    /// <summary>A colour that changes evenly in some direction.</summary>
    private static RgbImage Picture(int seed)
    {
        var random = new Random(seed);
        var planes = Enumerable
            .Range(0, 3)
            .Select(_ =>
                (Level: 60 + 136 * random.NextDouble(), X: 8 * random.NextDouble() - 4, Y: 8 * random.NextDouble() - 4)
            )
            .ToList();
        var image = RgbImage.Filled(Side, Side, Rgb.Black);
        for (var i = 0; i < image.Pixels.Length; i++)
        {
            var (level, x, y) = planes[i % 3];
            var (across, down) = (i / 3 % Side - Side / 2, i / 3 / Side - Side / 2);
            image.Pixels[i] = (byte)Math.Clamp(level + x * across + y * down, 0, 255);
        }

        return image;
    }
}
