using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Features;

/// <summary>
/// Reads Darknet-tiny under the names that Keras gave its layers: "conv2d_1.kernel", "batch_normalization_1.gamma" and so
/// on. Kernels are stored [output, input, height, width].
/// </summary>
internal static class DarknetTinyReader
{
    /// <summary>Whether the file holds this network.</summary>
    public static bool Recognises(TensorSource source) =>
        source.Has("conv2d_16.kernel", DarknetTinyFeatures.ClassCount, 128, 1, 1)
        && source.Has("batch_normalization_15.gamma", 128);

    /// <summary>Fills a network, folding the running statistics into its convolutions.</summary>
    public static void Read(TensorSource source, DarknetTinyFeatures network)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var targets = ModuleState.Of(network).ToDictionary();
        for (var i = 1; i <= DarknetTinyFeatures.NormalizedConvolutions; i++)
        {
            var layer = i.ToString(CultureInfo.InvariantCulture);
            Fold(source, layer, targets[$"conv{layer}.weight"], targets[$"conv{layer}.bias"]);
        }

        var (weight, bias) = (targets["classifier.weight"], targets["classifier.bias"]);
        weight.copy_(source.Read("conv2d_16.kernel", [.. weight.shape, 1, 1]).reshape(weight.shape));
        bias.copy_(source.Read("conv2d_16.bias", bias.shape));
    }

    private static void Fold(TensorSource source, string layer, Tensor weight, Tensor bias)
    {
        NormalizationFold.Into(
            weight,
            bias,
            source.Read($"conv2d_{layer}.kernel", weight.shape),
            Normalization("gamma"),
            Normalization("beta"),
            Normalization("moving_mean"),
            Normalization("moving_variance")
        );

        Tensor Normalization(string part) => source.Read($"batch_normalization_{layer}.{part}", bias.shape);
    }
}
