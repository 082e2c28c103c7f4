using LatentDiffusion.Checkpoints;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Conversion;

/// <summary>Which of a checkpoint's two sets of UNet weights are wanted.</summary>
public enum WeightChoice
{
    /// <summary>All that is there.</summary>
    All,

    /// <summary>The averages where there are any, in the place of the weights; nothing that only training needs.</summary>
    Ema,

    /// <summary>The weights themselves; nothing that only training needs.</summary>
    Raw,
}

/// <summary>How a model is converted.</summary>
public sealed record ConversionOptions
{
    /// <summary>The model's configuration (YAML in the way of CompVis), or null.</summary>
    public string? Config { get; init; }

    /// <summary>The folder of the tokenizer's vocabulary, or null.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Which weights; null for all in a file and averages in a folder of diffusers, which has one set only.</summary>
    public WeightChoice? Weights { get; init; }

    /// <summary>The type to store floating-point weights in; null keeps each one's.</summary>
    public ScalarType? Dtype { get; init; }

    /// <summary>Whether tensors may be missing or of another shape than the model's.</summary>
    public bool AllowMismatch { get; init; }
}

/// <summary>What a conversion did.</summary>
/// <param name="Output">The file or folder.</param>
/// <param name="Format">Its format in words.</param>
/// <param name="Tensors">How many tensors were written.</param>
/// <param name="Bytes">The size of all that was written.</param>
/// <param name="Hash">SHA-256 of the tensors' bytes as ModelSpec wants it, or null for a folder.</param>
/// <param name="Report">How the tensors compare with the model's.</param>
/// <param name="Notes">What was assumed or left out, in words.</param>
public sealed record ConversionResult(
    string Output,
    string Format,
    int Tensors,
    long Bytes,
    string? Hash,
    TensorReport Report,
    IReadOnlyList<string> Notes
);
