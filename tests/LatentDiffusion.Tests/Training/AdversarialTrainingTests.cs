using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Logging;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Trainers;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Training;

[Collection(nameof(ProcessWideState))]
public sealed class AdversarialTrainingTests : IDisposable
{
    private readonly TinyTraining _tiny = new();

    [Theory]
    [InlineData("kl", false)]
    [InlineData("vq", false)]
    [InlineData("kl", true)]
    public void The_discriminator_moves_from_its_start_on_and_not_before(string kind, bool parity)
    {
        var experiment = Experiment(kind, start: 3, parity);
        _tiny.Train(experiment, "run", steps: 1);
        var first = Discriminator("run");
        _tiny.Train(experiment, "run", steps: 3, resume: true);
        var before = Discriminator("run");
        _tiny.Train(experiment, "run", steps: 4, resume: true);
        var after = Discriminator("run");

        Assert.NotEmpty(first);
        Assert.All(Learned(first), t => Assert.Equal(t.Value, before[t.Key]));
        Assert.All(Learned(after).Where(t => t.Key.EndsWith("weight", StringComparison.Ordinal)), Moved);

        void Moved(KeyValuePair<string, float[]> t) => Assert.NotEqual(before[t.Key], t.Value);
    }

    [Fact]
    public void The_log_has_the_opponents_numbers_from_the_start_on()
    {
        _tiny.Train(Experiment("kl", start: 3), "run");

        var lines = MetricsFile.Read(_tiny["run/metrics.jsonl"]).ToList();
        foreach (var name in new[] { "generator", "discriminator", "adversarial_weight", "score_real" })
        {
            Assert.All(lines[..3], line => Assert.DoesNotContain(name, line.Keys));
            Assert.All(lines[3..], line => Assert.Contains(name, line.Keys));
        }
    }

    [Fact]
    public void The_autoencoders_step_does_not_move_the_discriminator_but_feels_it()
    {
        using var scope = torch.NewDisposeScope();
        torch.random.manual_seed(4);
        using var autoencoder = (KlAutoencoder)TinyTraining.FirstStage("kl").Build();
        autoencoder.eval();
        using var adversary = new Adversary(
            new AdversarialLossConfig
            {
                Start = 0,
                Layers = 1,
                Features = 8,
            },
            new OptimizerConfig { LearningRate = 1e-3 },
            samplesPerStep: 2,
            alwaysPlays: false
        );
        var loss = new AutoencoderLoss(new AutoencoderLossConfig());
        var images = torch.rand(2, 3, 8, 8).mul(2).sub(1);

        var alone = Gradient(null);
        var opposed = Gradient(adversary);

        Assert.All(adversary.Discriminator.parameters(), p => Assert.Null(p.grad));
        Assert.All(adversary.Discriminator.parameters(), p => Assert.True(p.requires_grad));
        Assert.NotEqual(alone, opposed);

        float[] Gradient(Adversary? opponent)
        {
            autoencoder.zero_grad();
            var posterior = new DiagonalGaussian(autoencoder.Encode(images));
            IDecoderInTwoParts decoder = autoencoder;
            var features = decoder.DecodeToFeatures(posterior.Mean);
            AutoencoderBackward.Run(
                images,
                new Decoded(features, decoder.LastLayer, decoder.LastLayer.forward(features)),
                loss.Kl(posterior),
                loss,
                sums: true,
                opponent,
                step: 0,
                share: 1
            );
            return [.. decoder.LastLayer.Weight.grad!.data<float>()];
        }
    }

    [Fact]
    public void The_weight_brings_the_adversarial_gradient_to_its_share_of_the_others()
    {
        using var scope = torch.NewDisposeScope();
        torch.random.manual_seed(4);
        using var autoencoder = (KlAutoencoder)TinyTraining.FirstStage("kl").Build();
        autoencoder.eval();
        using var adversary = new Adversary(
            new AdversarialLossConfig
            {
                Start = 0,
                Weight = 0.5,
                Layers = 1,
                Features = 8,
            },
            new OptimizerConfig { LearningRate = 1e-3 },
            samplesPerStep: 2,
            alwaysPlays: false
        );
        var loss = new AutoencoderLoss(new AutoencoderLossConfig { KlWeight = 0 });
        var images = torch.rand(2, 3, 8, 8).mul(2).sub(1);

        // By definition: each loss through the whole graph.
        var reconstruction = LastLayerGradient(x => loss.Reconstruction(images, x, sums: true).Likelihood);
        var adversarial = LastLayerGradient(adversary.GeneratorLoss);
        var expected = 0.5 * reconstruction.norm().item<float>() / (adversarial.norm().item<float>() + 1e-4);

        var (decoded, posterior) = Decode();
        var losses = AutoencoderBackward.Run(
            images,
            decoded,
            loss.Kl(posterior),
            loss,
            sums: true,
            adversary,
            step: 0,
            share: 1
        );

        Assert.Equal(expected, losses.AdversarialWeight!.Value, 1e-3 * expected);
        var total = reconstruction.add(adversarial.mul(expected));
        TensorAssert.Close(decoded.LastLayer.Weight.grad!, total, 1e-3);

        torch.Tensor LastLayerGradient(Func<torch.Tensor, torch.Tensor> ofLoss)
        {
            autoencoder.zero_grad();
            var (images, _) = Decode();
            ofLoss(images.Images).backward();
            var gradient = images.LastLayer.Weight.grad!.clone();
            autoencoder.zero_grad();
            return gradient;
        }

        (Decoded, DiagonalGaussian) Decode()
        {
            var posterior = new DiagonalGaussian(autoencoder.Encode(images));
            IDecoderInTwoParts decoder = autoencoder;
            var features = decoder.DecodeToFeatures(posterior.Mean);
            return (new Decoded(features, decoder.LastLayer, decoder.LastLayer.forward(features)), posterior);
        }
    }

    [Theory]
    [InlineData("kl", false, 1)]
    [InlineData("vq", false, 1)]
    [InlineData("kl", true, 2)]
    public void A_resumed_run_equals_the_uninterrupted_one_bit_for_bit(string kind, bool parity, int accumulate)
    {
        var experiment = Experiment(kind, start: 1, parity);
        experiment = experiment with
        {
            EmaDecay = 0.99,
            Training = experiment.Training with { Accumulate = accumulate },
            Codebook =
                kind == "vq"
                    ? new CodebookTrainingConfig { InitialiseFromData = true, ResetDeadEvery = 4 }
                    : new CodebookTrainingConfig(),
        };
        _tiny.Train(experiment, "whole");
        _tiny.Train(experiment, "parts", steps: 3);
        _tiny.Train(experiment, "parts", resume: true);

        _tiny.AssertSameCheckpoint("whole", "parts");
        Assert.Equal(Discriminator("whole"), Discriminator("parts"));
    }

    [Fact]
    public void Without_the_parity_switch_the_posterior_is_drawn_once()
    {
        _tiny.Train(Experiment("kl", start: 0), "once");
        _tiny.Train(Experiment("kl", start: 0, parity: true), "twice");

        Assert.NotEqual(Discriminator("once"), Discriminator("twice"));
    }

    [Fact]
    public void Training_leaves_no_tensor_behind()
    {
        var experiment = Experiment("vq", start: 0);
        using var trainer = new AutoencoderTrainer(experiment, experiment.Data.OpenDataset(1));
        trainer.Step(0);
        trainer.Step(1);
        LiveTensors.CollectGarbage();
        var before = torch.Tensor.TotalCount;

        for (var step = 2; step < 6; step++)
        {
            trainer.Step(step);
        }

        LiveTensors.CollectGarbage();
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    public void Dispose() => _tiny.Dispose();

    private AutoencoderExperiment Experiment(string kind, long start, bool parity = false) =>
        _tiny.Autoencoder(kind) with
        {
            Loss = new AutoencoderLossConfig
            {
                Parity = parity,
                Adversarial = new AdversarialLossConfig
                {
                    Start = start,
                    Layers = 1,
                    Features = 8,
                },
            },
        };

    // Batch normalisation collects statistics whenever it is run.
    private static IEnumerable<KeyValuePair<string, float[]>> Learned(Dictionary<string, float[]> tensors) =>
        tensors.Where(t =>
            !t.Key.Contains("running", StringComparison.Ordinal) && !t.Key.EndsWith("tracked", StringComparison.Ordinal)
        );

    private Dictionary<string, float[]> Discriminator(string run)
    {
        using var scope = torch.NewDisposeScope();
        var folder = CheckpointFolders.In(_tiny[run])[^1].Path;
        using var file = SafetensorsFile.Open(Path.Combine(folder, "discriminator.safetensors"));
        return file.Tensors.Keys.ToDictionary(
            name => name,
            name => file.Read(name).to(torch.float32).data<float>().ToArray()
        );
    }
}
