using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Support;

/// <summary>
/// The last layers of untrained networks are zero: they output nothing and pass no gradient on, which would make
/// comparisons trivially true.
/// </summary>
internal static class ZeroWeights
{
    /// <summary>Gives every parameter that is all zero small random values.</summary>
    public static T WithoutZeroWeights<T>(this T module)
        where T : nn.Module
    {
        using var noGradient = no_grad();
        foreach (var parameter in module.parameters().Where(p => p.abs().max().item<float>() == 0))
        {
            parameter.uniform_(-0.05, 0.05);
        }

        return module;
    }
}
