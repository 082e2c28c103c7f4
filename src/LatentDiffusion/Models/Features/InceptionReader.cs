using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Features;

/// <summary>
/// Reads the FID Inception network under the names of pytorch-fid and torch-fidelity (pt_inception-2015-12-05), which are
/// torchvision's: "Mixed_5b.branch1x1.conv.weight", "Mixed_5b.branch1x1.bn.running_mean" and so on.
/// </summary>
internal static class InceptionReader
{
    private const string WeightSuffix = ".weight";
    private const string Classifier = "fc.weight";
    private const string Biases = "fc.bias";
    private const string BatchCounts = ".num_batches_tracked";

    private static readonly string[] NormalizationParts = ["weight", "bias", "running_mean", "running_var"];

    /// <summary>Whether the file holds this network.</summary>
    /// <exception cref="UserInputException">It holds torchvision's, which has the same names.</exception>
    public static bool Recognises(TensorSource source)
    {
        if (!source.Has("Conv2d_1a_3x3.conv.weight", 32, 3, 3, 3))
        {
            return false;
        }

        var isTorchvision =
            source.Has(Classifier, 1000, 2048)
            || source.Shapes.Keys.Any(name => name.StartsWith("AuxLogits.", StringComparison.Ordinal));
        return isTorchvision
            ? throw new UserInputException(
                $"{source.Path} is torchvision's InceptionV3, whose features are not those of FID: use "
                    + $"pt_inception-2015-12-05 ({Classifier} of {InceptionFeatures.ClassCount} classes)."
            )
            : true;
    }

    /// <summary>Fills a network, folding the running statistics into its convolutions.</summary>
    /// <exception cref="UserInputException">Tensors are missing, unexpected or of another shape.</exception>
    public static void Read(TensorSource source, InceptionFeatures network)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var targets = ModuleState.Of(network).ToDictionary();
        var layers = targets
            .Keys.Where(name => name.EndsWith(WeightSuffix, StringComparison.Ordinal) && name != Classifier)
            .Select(name => name[..^WeightSuffix.Length])
            .ToList();
        source.Require(
            [
                .. layers.SelectMany(layer => Expected(layer, targets[layer + WeightSuffix].shape)),
                (Classifier, targets[Classifier].shape),
                // Not used: inception scores are defined without them.
                (Biases, [InceptionFeatures.ClassCount]),
            ],
            source.Shapes.Keys.Where(name => !name.EndsWith(BatchCounts, StringComparison.Ordinal)),
            "the FID Inception network"
        );
        foreach (var layer in layers)
        {
            using var step = NewDisposeScope();
            Fold(source, layer, targets[layer + WeightSuffix], targets[$"{layer}.bias"]);
        }

        targets[Classifier].copy_(source.Read(Classifier, targets[Classifier].shape));
    }

    private static IEnumerable<(string Name, long[] Shape)> Expected(string layer, long[] shape) =>
        NormalizationParts
            .Select(part => ($"{layer}.bn.{part}", (long[])[shape[0]]))
            .Prepend(($"{layer}.conv.weight", shape));

    private static void Fold(TensorSource source, string layer, Tensor weight, Tensor bias)
    {
        NormalizationFold.Into(
            weight,
            bias,
            source.Read($"{layer}.conv.weight", weight.shape),
            Normalization("weight"),
            Normalization("bias"),
            Normalization("running_mean"),
            Normalization("running_var")
        );

        Tensor Normalization(string part) => source.Read($"{layer}.bn.{part}", bias.shape);
    }
}
