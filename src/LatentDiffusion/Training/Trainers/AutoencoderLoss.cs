using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tensors;
using LatentDiffusion.Training.Experiments;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>How well images were reconstructed, scalars.</summary>
/// <param name="Likelihood">What is minimised: a sum per image (KL) or a mean over all elements (VQ).</param>
/// <param name="PerElement">Absolute error plus weighted perceptual distance, per element.</param>
/// <param name="PerceptualDistance">The perceptual distance alone, or null.</param>
internal sealed record ReconstructionLoss(Tensor Likelihood, Tensor PerElement, Tensor? PerceptualDistance);

/// <summary>What keeps latents in order, scalars.</summary>
/// <param name="Name">What the log calls it.</param>
/// <param name="Value">KL divergence per image, or the codebook loss.</param>
/// <param name="Weight">Its weight in the loss.</param>
internal sealed record Regularisation(string Name, Tensor Value, double Weight);

/// <summary>
/// The reconstruction and regularisation losses of the first stage (LDM section 3.1 and appendix G): absolute error plus an
/// optional perceptual distance, plus KL divergence or codebook loss.
/// </summary>
/// <remarks>
/// As in the reference, a KL autoencoder's loss is a sum over an image's elements and a VQ autoencoder's a mean. The
/// reference divides the former by the exponential of a log variance that it never trains and that stays 0: left out here.
/// </remarks>
/// <param name="config">The weights.</param>
/// <param name="perceptualDistance">Input and reconstruction to a distance [B, 1, 1, 1], or null for none.</param>
internal sealed class AutoencoderLoss(
    AutoencoderLossConfig config,
    Func<Tensor, Tensor, Tensor>? perceptualDistance = null
)
{
    /// <summary>How well images were reconstructed.</summary>
    /// <param name="images">[B, C, H, W].</param>
    /// <param name="reconstructions">[B, C, H, W].</param>
    /// <param name="sums">Whether the likelihood is a sum over each image's elements.</param>
    public ReconstructionLoss Reconstruction(Tensor images, Tensor reconstructions, bool sums)
    {
        var difference = images.sub(reconstructions);
        var error = config.Pixel == PixelLoss.L1 ? difference.abs() : difference.pow(Scalars.Of(2));
        var mean = error.mean();
        Tensor? distance = null;
        if (perceptualDistance is not null)
        {
            distance = perceptualDistance(images, reconstructions).mean();
            mean = mean.Plus(distance.mul(Scalars.Of(config.Perceptual?.Weight ?? 1)));
        }

        // The distance counts once per element in the reference, so that both likelihoods are multiples of the mean.
        var likelihood = sums ? mean.mul(Scalars.Of(images.numel() / images.shape[0])) : mean;
        return new ReconstructionLoss(likelihood, mean, distance);
    }

    /// <summary>The pull towards the standard normal distribution.</summary>
    public Regularisation Kl(DiagonalGaussian posterior) =>
        new("kl", posterior.KullbackLeibler().mean(), config.KlWeight);

    /// <summary>The pull of latents and codes towards each other.</summary>
    /// <param name="codebookLoss">The quantiser's loss.</param>
    public Regularisation Codebook(Tensor codebookLoss) => new("codebook", codebookLoss, config.CodebookWeight);
}
