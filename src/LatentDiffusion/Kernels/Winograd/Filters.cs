namespace LatentDiffusion.Kernels.Winograd;

/// <summary>3x3 filters as a convolution or its gradient reads them from a weight tensor [Co, Ci, 3, 3].</summary>
/// <param name="Address">The tensor's first element.</param>
/// <param name="OutputStep">Floats from the filters of one output channel to the next one's.</param>
/// <param name="InputStep">Floats from one input channel's filter to the next one's.</param>
/// <param name="Flipped">Whether the taps run from the last to the first.</param>
internal readonly record struct Filters(nint Address, nint OutputStep, nint InputStep, bool Flipped)
{
    /// <summary>For the convolution itself.</summary>
    public static Filters ForOutput(nint weight, int inputChannels) => new(weight, 9 * inputChannels, 9, false);

    /// <summary>For the gradient of the input, a convolution of the output's gradient with the flipped filters.</summary>
    public static Filters ForInputGradient(nint weight, int inputChannels) => new(weight, 9, 9 * inputChannels, true);
}
