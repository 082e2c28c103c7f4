using LatentDiffusion.Checkpoints;
using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Features;

/// <summary>
/// Reads InceptionV3 under the names that Keras gave its layers: "conv2d_1/kernel", "batch_normalization_1/beta" and so on,
/// numbered in the order in which they were made. Normalisation has no gain; kernels are [height, width, input, output].
/// </summary>
internal static class KerasInceptionReader
{
    private const string WeightSuffix = ".weight";

    private static readonly string[] NormalizationParts = ["beta", "moving_mean", "moving_variance"];

    /// <summary>Whether the file holds this network.</summary>
    public static bool Recognises(TensorSource source) => source.Has("conv2d_94/kernel", 1, 1, 2048, 192);

    /// <summary>Fills a network, folding the running statistics into its convolutions.</summary>
    /// <exception cref="Errors.UserInputException">Tensors are missing, unexpected or of another shape.</exception>
    public static void Read(TensorSource source, KerasInceptionFeatures network)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var targets = ModuleState.Of(network).ToDictionary();
        // Keras made its layers in the order in which ours are registered.
        List<(int Number, Tensor Weight, Tensor Bias)> layers =
        [
            .. ModuleState
                .Of(network)
                .Select(target => target.Key)
                .Where(name => name.EndsWith(WeightSuffix, StringComparison.Ordinal))
                .Select((name, index) => (index + 1, targets[name], targets[$"{name[..^WeightSuffix.Length]}.bias"])),
        ];
        source.Require(
            [.. layers.SelectMany(layer => Expected(layer.Number, layer.Weight.shape))],
            // The classifier behind the features is not used.
            source.Shapes.Keys.Where(name => !name.StartsWith("dense_", StringComparison.Ordinal)),
            "Keras's InceptionV3"
        );
        foreach (var (number, weight, bias) in layers)
        {
            using var step = NewDisposeScope();
            Fold(source, number, weight, bias);
        }
    }

    private static IEnumerable<(string Name, long[] Shape)> Expected(int number, long[] shape) =>
        NormalizationParts
            .Select(part => ($"batch_normalization_{number}/{part}", (long[])[shape[0]]))
            .Prepend(($"conv2d_{number}/kernel", KernelShape(shape)));

    private static long[] KernelShape(long[] shape) => [shape[2], shape[3], shape[1], shape[0]];

    private static void Fold(TensorSource source, int number, Tensor weight, Tensor bias)
    {
        NormalizationFold.Into(
            weight,
            bias,
            source.Read($"conv2d_{number}/kernel", KernelShape(weight.shape)).permute(3, 2, 0, 1),
            gain: null,
            Normalization("beta"),
            Normalization("moving_mean"),
            Normalization("moving_variance")
        );

        Tensor Normalization(string part) => source.Read($"batch_normalization_{number}/{part}", bias.shape);
    }
}
