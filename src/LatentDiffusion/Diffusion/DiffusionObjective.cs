using System.ComponentModel;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>What the denoising network predicts.</summary>
public enum Parameterization
{
    /// <summary>The noise (epsilon).</summary>
    Eps,

    /// <summary>The clean latents.</summary>
    X0,

    /// <summary>The velocity sqrt(abar) eps - sqrt(1-abar) x_0 (Salimans and Ho 2022).</summary>
    V,
}

/// <summary>How a prediction's error is measured.</summary>
public enum LossType
{
    /// <summary>Absolute error.</summary>
    L1,

    /// <summary>Squared error.</summary>
    L2,
}

/// <summary>The training objective of the diffusion model, the paper's reweighted bound (LDM equations 1 and 2).</summary>
public sealed record DiffusionObjectiveConfig
{
    /// <summary>What the network predicts.</summary>
    [Description("What the network predicts: the noise (eps) or the clean latents (x0).")]
    public Parameterization Parameterization { get; init; } = Parameterization.Eps;

    /// <summary>How its error is measured.</summary>
    [Description("How its error is measured.")]
    public LossType Loss { get; init; } = LossType.L2;
}

/// <summary>Computes the simple diffusion loss.</summary>
/// <param name="config">Target and error measure.</param>
public sealed class DiffusionObjective(DiffusionObjectiveConfig config)
{
    /// <summary>The loss of each sample: the mean error over all latent elements.</summary>
    /// <param name="prediction">The network's output, [B, C, H, W].</param>
    /// <param name="start">x_0, [B, C, H, W].</param>
    /// <param name="noise">The noise that was added, [B, C, H, W].</param>
    /// <returns>[B].</returns>
    public Tensor LossPerSample(Tensor prediction, Tensor start, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        using var scope = NewDisposeScope();
        var error = prediction.sub(config.Parameterization == Parameterization.Eps ? noise : start);
        var measured = config.Loss == LossType.L1 ? error.abs() : error.pow(2);
        return measured.mean([1, 2, 3]).MoveToOuterDisposeScope();
    }
}
