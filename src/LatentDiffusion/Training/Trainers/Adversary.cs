using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Networks.Discriminators;
using LatentDiffusion.Tensors;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>The discriminator's loss with its mean scores.</summary>
/// <param name="Value">What the discriminator minimises, a scalar.</param>
/// <param name="Real">Mean score of images.</param>
/// <param name="Fake">Mean score of reconstructions.</param>
internal sealed record DiscriminatorLoss(Tensor Value, Tensor Real, Tensor Fake);

/// <summary>The autoencoder's opponent (LDM appendix G): a discriminator, what both sides lose, and its optimiser.</summary>
internal sealed class Adversary : IDisposable
{
    private const string FileName = "discriminator.safetensors";
    private const string Prefix = "loss.discriminator.";

    private readonly AdversarialLossConfig _config;
    private readonly bool _alwaysPlays;

    /// <param name="config">The settings.</param>
    /// <param name="optimizer">The autoencoder's optimiser settings, which the discriminator shares.</param>
    /// <param name="samplesPerStep">Images per optimiser step.</param>
    /// <param name="alwaysPlays">Whether it is run before its start, as in the reference, at no effect on any weight.</param>
    public Adversary(AdversarialLossConfig config, OptimizerConfig optimizer, int samplesPerStep, bool alwaysPlays)
    {
        (_config, _alwaysPlays) = (config, alwaysPlays);
        Discriminator = new PatchDiscriminator(config);
        Discriminator.train();
        Update = new ParameterUpdate(
            Discriminator.named_parameters().Select(p => (p.name, (Tensor)p.parameter)),
            optimizer with
            {
                LearningRate = config.LearningRate ?? optimizer.LearningRate,
            },
            samplesPerStep
        );
    }

    public PatchDiscriminator Discriminator { get; }

    public ParameterUpdate Update { get; }

    /// <summary>The multiple of the reconstruction loss's gradient that the adversarial one is brought to.</summary>
    public double Weight => _config.Weight;

    /// <summary>Whether the discriminator has anything to do in a step.</summary>
    public bool Plays(long step) => _alwaysPlays || FactorAt(step) > 0;

    /// <summary>The factor on both sides' losses: 0 before the start.</summary>
    public double FactorAt(long step) => step >= _config.Start ? _config.Factor : 0;

    /// <summary>What the autoencoder loses: reconstructions should score high.</summary>
    /// <param name="reconstructions">[B, C, H, W].</param>
    public Tensor GeneratorLoss(Tensor reconstructions)
    {
        Freeze(true);
        try
        {
            return Discriminator.forward(reconstructions).mean().neg();
        }
        finally
        {
            Freeze(false);
        }
    }

    /// <summary>What the discriminator loses: images should score high, reconstructions low.</summary>
    /// <param name="images">[B, C, H, W].</param>
    /// <param name="reconstructions">[B, C, H, W], without a graph.</param>
    public DiscriminatorLoss Judge(Tensor images, Tensor reconstructions)
    {
        var real = Discriminator.forward(images);
        var fake = Discriminator.forward(reconstructions.detach());
        return new DiscriminatorLoss(Loss(_config.Loss, real, fake), real.mean(), fake.mean());
    }

    /// <summary>The loss of scores, before any factor.</summary>
    /// <param name="kind">Hinge or vanilla.</param>
    /// <param name="real">Scores of images.</param>
    /// <param name="fake">Scores of reconstructions.</param>
    public static Tensor Loss(AdversarialLossKind kind, Tensor real, Tensor fake) =>
        kind == AdversarialLossKind.Hinge
            ? nn
                .functional.relu(real.neg().add(Scalars.Of(1)))
                .mean()
                .Plus(nn.functional.relu(fake.add(Scalars.Of(1))).mean())
                .mul(Scalars.Of(0.5))
            : nn
                .functional.logsigmoid(real)
                .mean()
                .Plus(nn.functional.logsigmoid(fake.neg()).mean())
                .mul(Scalars.Of(-0.5));

    /// <summary>Writes the discriminator's weights, under the names that published checkpoints give them.</summary>
    public void Write(string folder) =>
        SafetensorsWriter.Write(Path.Combine(folder, FileName), ModuleState.Of(Discriminator, Prefix), null);

    /// <summary>Restores what <see cref="Write"/> wrote.</summary>
    public void Read(string folder)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, FileName));
        ModuleState.Load(file, ModuleState.Of(Discriminator, Prefix), _ => true);
    }

    public void Dispose()
    {
        Update.Dispose();
        Discriminator.Dispose();
    }

    // The autoencoder's step must not move the discriminator, and needs no gradients of its weights.
    private void Freeze(bool frozen)
    {
        foreach (var parameter in Discriminator.parameters())
        {
            parameter.requires_grad_(!frozen);
        }
    }
}
