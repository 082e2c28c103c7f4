using LatentDiffusion.Errors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints;

/// <summary>Named tensors of an open file of any format. <see cref="WeightsFile.Open"/> finds the format.</summary>
public interface IWeights : IDisposable
{
    /// <summary>The file, as it was given.</summary>
    string Path { get; }

    /// <summary>The sizes of every tensor by its name, outermost first; empty for a scalar.</summary>
    IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; }

    /// <summary>Free texts of the file, or plain values beside its tensors; empty where it has none.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The type of a tensor's elements; null for one that TorchSharp does not have.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="UserInputException">There is no such tensor.</exception>
    ScalarType? TypeOf(string name);

    /// <summary>Reads one tensor into fresh CPU memory, which the caller owns.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>A contiguous tensor of the file's dtype and shape; it belongs to the current dispose scope, if any.</returns>
    /// <exception cref="UserInputException">There is no such tensor, or TorchSharp has no such dtype.</exception>
    /// <exception cref="CheckpointFormatException">The data breaks the format's rules.</exception>
    Tensor Read(string name);

    /// <summary>Reads one tensor into an existing one of the same shape, converting the elements where types differ.</summary>
    /// <param name="name">The tensor's name in the file.</param>
    /// <param name="target">The tensor to fill, on any device. When reading fails midway its contents are undefined.</param>
    /// <exception cref="UserInputException">
    /// There is no such tensor, its shape differs, or it holds fractions or complex numbers and the target cannot.
    /// </exception>
    /// <exception cref="CheckpointFormatException">The data breaks the format's rules.</exception>
    void ReadInto(string name, Tensor target);
}
