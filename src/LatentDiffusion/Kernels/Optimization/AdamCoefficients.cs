namespace LatentDiffusion.Kernels.Optimization;

/// <summary>The numbers of one AdamW step, with the corrections of the moments' bias worked in.</summary>
/// <param name="Keep">What weight decay leaves of a parameter: 1 - learning rate times weight decay.</param>
/// <param name="Beta1">Decay of the gradient's mean.</param>
/// <param name="Beta2">Decay of the squared gradient's mean.</param>
/// <param name="StepSize">The learning rate over 1 - beta1^n.</param>
/// <param name="RootCorrection">The root of 1 - beta2^n.</param>
/// <param name="Epsilon">Keeps the division finite.</param>
/// <param name="GradientScale">Factor on the gradient: below 1 when its norm is clipped.</param>
internal readonly record struct AdamCoefficients(
    double Keep,
    double Beta1,
    double Beta2,
    double StepSize,
    double RootCorrection,
    double Epsilon,
    double GradientScale = 1
);
