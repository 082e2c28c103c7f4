using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints;

/// <summary>The rules for filling an existing tensor from a file of any format.</summary>
internal static class TargetTensor
{
    /// <exception cref="UserInputException">The shapes differ.</exception>
    public static void RequireShape(string path, string name, IReadOnlyList<long> shape, Tensor target)
    {
        if (!shape.SequenceEqual(target.shape))
        {
            throw new UserInputException(
                $"{path}: tensor {OneLine.Quote(name)} has the shape {OneLine.Shape(shape)}, but "
                    + $"{OneLine.Shape(target.shape)} is expected. Use the configuration the file was made with."
            );
        }
    }

    /// <summary>Copies elements, converting their type unless that loses fractions or imaginary parts.</summary>
    /// <exception cref="UserInputException">The target's type cannot hold such elements.</exception>
    public static void Fill(Tensor target, Tensor source, string path, string name, string sourceType)
    {
        if (Kind(source) > Kind(target))
        {
            throw new UserInputException(
                $"{path}: tensor {OneLine.Quote(name)} holds {sourceType}, which {target.dtype} cannot "
                    + "represent. Use the configuration the file was made with."
            );
        }

        using var gradients = no_grad();
        target.copy_(source);
    }

    private static int Kind(Tensor tensor) =>
        tensor.is_complex() ? 2
        : tensor.is_floating_point() ? 1
        : 0;
}
