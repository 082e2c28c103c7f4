using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Training.Experiments;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>The parts of an autoencoder's loss, scalars.</summary>
/// <param name="Total">What is minimised.</param>
/// <param name="Reconstruction">Mean absolute error plus the perceptual distance, per element.</param>
/// <param name="Regularisation">KL divergence per image, or the codebook loss; unweighted.</param>
internal sealed record AutoencoderLossParts(Tensor Total, Tensor Reconstruction, Tensor Regularisation);

/// <summary>
/// The reconstruction and regularisation losses of the first stage (LDM appendix G): absolute error plus an optional
/// perceptual distance, plus KL divergence or codebook loss.
/// </summary>
/// <param name="config">The weights.</param>
/// <param name="perceptualDistance">Input and reconstruction to a distance [B, 1, 1, 1], or null for none.</param>
internal sealed class AutoencoderLoss(
    AutoencoderLossConfig config,
    Func<Tensor, Tensor, Tensor>? perceptualDistance = null
)
{
    /// <summary>The loss of a KL autoencoder; as in the reference, sums over an image's elements.</summary>
    /// <param name="images">[B, C, H, W].</param>
    /// <param name="reconstructions">[B, C, H, W].</param>
    /// <param name="posterior">The posterior of <paramref name="images"/>.</param>
    public AutoencoderLossParts Kl(Tensor images, Tensor reconstructions, DiagonalGaussian posterior)
    {
        var error = ElementError(images, reconstructions);
        var likelihood = error.sum().div(images.shape[0]);
        var divergence = posterior.KullbackLeibler().mean();
        return new AutoencoderLossParts(likelihood.add(divergence.mul(config.KlWeight)), error.mean(), divergence);
    }

    /// <summary>The loss of a VQ autoencoder; as in the reference, means over all elements.</summary>
    /// <param name="images">[B, C, H, W].</param>
    /// <param name="reconstructions">[B, C, H, W].</param>
    /// <param name="codebookLoss">The quantiser's loss.</param>
    public AutoencoderLossParts Vq(Tensor images, Tensor reconstructions, Tensor codebookLoss)
    {
        var error = ElementError(images, reconstructions).mean();
        return new AutoencoderLossParts(error.add(codebookLoss.mul(config.CodebookWeight)), error, codebookLoss);
    }

    private Tensor ElementError(Tensor images, Tensor reconstructions)
    {
        var error = images.sub(reconstructions).abs();
        return perceptualDistance is null ? error : error.add(perceptualDistance(images, reconstructions));
    }
}
