using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Networks.Discriminators;

namespace LatentDiffusion.Training.Experiments;

/// <summary>How single pixels are compared.</summary>
public enum PixelLoss
{
    /// <summary>Absolute difference, as in all published autoencoders.</summary>
    L1,

    /// <summary>Squared difference.</summary>
    L2,
}

/// <summary>The autoencoder's loss (LDM section 3.1 and appendix G).</summary>
public sealed record AutoencoderLossConfig
{
    /// <summary>How single pixels are compared.</summary>
    [Description("How single pixels are compared: by absolute (l1, as in the reference) or squared difference (l2).")]
    public PixelLoss Pixel { get; init; } = PixelLoss.L1;

    /// <summary>Weight of the KL divergence (KL autoencoders).</summary>
    [Description("Weight of the KL divergence (KL autoencoders).")]
    [Minimum(0)]
    public double KlWeight { get; init; } = 1e-6;

    /// <summary>Weight of the codebook loss (VQ autoencoders).</summary>
    [Description("Weight of the codebook loss (VQ autoencoders).")]
    [Minimum(0)]
    public double CodebookWeight { get; init; } = 1;

    /// <summary>The perceptual distance, or null for none.</summary>
    [Description("The perceptual distance (LPIPS) beside the absolute error; none when absent.")]
    public PerceptualLossConfig? Perceptual { get; init; }

    /// <summary>The discriminator's part, or null for none.</summary>
    [Description("The adversarial loss; none when absent.")]
    public AdversarialLossConfig? Adversarial { get; init; }

    /// <summary>Whether to repeat what the reference does at a cost or by mistake.</summary>
    [Description(
        "Repeat the reference where it wastes time or errs: a second forward pass for the discriminator, which also runs "
            + "before its start, and dropout in the perceptual distance. See docs/parity.md."
    )]
    public bool Parity { get; init; }
}

/// <summary>The perceptual distance between input and reconstruction (LPIPS; Zhang et al. 2018).</summary>
public sealed record PerceptualLossConfig
{
    /// <summary>The network.</summary>
    [Description(
        "The network whose features are compared: a model folder such as models/features, or a file with torchvision's "
            + "VGG16, AlexNet or SqueezeNet, the reference's LPIPS, or Darknet-tiny."
    )]
    [ConfigPath]
    public required string Network { get; init; }

    /// <summary>LPIPS' learned weights per channel, or null.</summary>
    [Description("A file with LPIPS' learned weights per channel (lin0, lin1, ...); all channels count alike without.")]
    [ConfigPath]
    public string? Heads { get; init; }

    /// <summary>Weight of the distance beside the absolute error.</summary>
    [Description("Weight of the distance beside the absolute error per element.")]
    [Minimum(0)]
    public double Weight { get; init; } = 1;
}

/// <summary>What the discriminator's judgement costs.</summary>
public enum AdversarialLossKind
{
    /// <summary>Hinge loss.</summary>
    Hinge,

    /// <summary>Cross-entropy of real and reconstructed (softplus).</summary>
    Vanilla,
}

/// <summary>The adversarial loss: a patch discriminator that is trained in turn with the autoencoder.</summary>
public sealed record AdversarialLossConfig : DiscriminatorConfig
{
    /// <summary>The first step that has it.</summary>
    [Description("The first step that has it: reconstructions should hold together before they are judged.")]
    [Minimum(0)]
    public long Start { get; init; } = 50_001;

    /// <summary>Its gradient at the decoder's last layer, as a multiple of the other losses'.</summary>
    [Description("Size of its gradient at the decoder's last layer, as a multiple of the reconstruction loss's there.")]
    [Minimum(0)]
    public double Weight { get; init; } = 0.5;

    /// <summary>A fixed factor on both players' losses.</summary>
    [Description("A fixed factor on it and on the discriminator's loss.")]
    [Minimum(0)]
    public double Factor { get; init; } = 1;

    /// <summary>The form of the discriminator's loss.</summary>
    [Description("The form of the discriminator's loss.")]
    public AdversarialLossKind Loss { get; init; } = AdversarialLossKind.Hinge;

    /// <summary>The discriminator's learning rate, or null for the autoencoder's.</summary>
    [Description("The discriminator's learning rate; the autoencoder's when absent.")]
    [Minimum(0, Exclusive = true)]
    public double? LearningRate { get; init; }
}
