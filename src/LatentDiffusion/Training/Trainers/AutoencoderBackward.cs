using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>What a decoder made of latents.</summary>
/// <param name="Features">What its last layer got, [B, channels, H, W].</param>
/// <param name="LastLayer">The layer.</param>
/// <param name="Images">[B, C, H, W].</param>
internal sealed record Decoded(Tensor Features, ConvolutionLayer LastLayer, Tensor Images);

/// <summary>The autoencoder's loss in one batch, scalars.</summary>
/// <param name="Total">What is minimised.</param>
/// <param name="Reconstruction">How well images were reconstructed.</param>
/// <param name="Generator">The adversarial loss, or null where it plays no part.</param>
/// <param name="AdversarialWeight">The adaptive weight, or null.</param>
internal sealed record AutoencoderLosses(
    Tensor Total,
    ReconstructionLoss Reconstruction,
    Tensor? Generator,
    double? AdversarialWeight
);

/// <summary>
/// The autoencoder's backward pass. The adversarial loss is weighed so that its gradient at the decoder's last layer is a
/// given multiple of the reconstruction loss's (LDM appendix G, after Esser et al. 2021, equation 7).
/// </summary>
/// <remarks>
/// Both gradients pass through the reconstruction. So each loss is differentiated up to there, once; the last layer's
/// gradients follow from that, and a single pass through the autoencoder carries their weighted sum on.
/// </remarks>
internal static class AutoencoderBackward
{
    private const double LeastGradient = 1e-4;
    private const double MostWeight = 1e4;

    /// <summary>Adds a batch's gradients to the autoencoder's parameters.</summary>
    /// <param name="images">[B, C, H, W].</param>
    /// <param name="decoded">The reconstruction, with its graph.</param>
    /// <param name="regularisation">The regularisation, with its graph.</param>
    /// <param name="loss">The reconstruction loss.</param>
    /// <param name="sums">Whether the likelihood is a sum over each image's elements.</param>
    /// <param name="adversary">The opponent, or null.</param>
    /// <param name="step">The training step, from 0.</param>
    /// <param name="share">Factor on all gradients: one over the number of batches per step.</param>
    public static AutoencoderLosses Run(
        Tensor images,
        Decoded decoded,
        Regularisation regularisation,
        AutoencoderLoss loss,
        bool sums,
        Adversary? adversary,
        long step,
        double share
    )
    {
        ReconstructionLoss? reconstruction = null;
        var gradient = GradientAt(
            decoded.Images,
            r => (reconstruction = loss.Reconstruction(images, r, sums)).Likelihood
        );
        var total = reconstruction!
            .Likelihood.detach()
            .Plus(regularisation.Value.detach().mul(Scalars.Of(regularisation.Weight)));
        Tensor? generator = null;
        double? weight = null;
        if (adversary is not null && adversary.Plays(step))
        {
            var adversarial = GradientAt(decoded.Images, r => generator = adversary.GeneratorLoss(r));
            weight = adversary.Weight * Ratio(decoded, gradient, adversarial);
            var factor = weight.Value * adversary.FactorAt(step);
            gradient = gradient.Plus(adversarial.mul(Scalars.Of(factor)));
            total = total.Plus(generator!.detach().mul(Scalars.Of(factor)));
        }

        // Its gradient is the one given here, whatever its value.
        var carrier = decoded.Images.mul(gradient).sum();
        carrier.Plus(regularisation.Value.mul(Scalars.Of(regularisation.Weight))).mul(Scalars.Of(share)).backward();
        return new AutoencoderLosses(total, reconstruction, generator, weight);
    }

    private static Tensor GradientAt(Tensor images, Func<Tensor, Tensor> loss)
    {
        var leaf = images.detach().requires_grad_();
        loss(leaf).backward();
        return leaf.grad!;
    }

    private static double Ratio(Decoded decoded, Tensor reconstruction, Tensor adversarial)
    {
        var ratio = NormAtLastLayer(decoded, reconstruction) / (NormAtLastLayer(decoded, adversarial) + LeastGradient);
        return Math.Clamp(ratio, 0, MostWeight);
    }

    // Only the weight's gradient is wanted, so the layer is run again behind the rest of the graph.
    private static double NormAtLastLayer(Decoded decoded, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var weight = decoded.LastLayer.Weight.detach().requires_grad_();
        using var enabled = enable_grad();
        decoded.LastLayer.ForwardWith(decoded.Features.detach(), weight).backward([gradient]);
        return weight.grad!.norm().item<float>();
    }
}
