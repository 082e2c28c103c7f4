namespace LatentDiffusion.Models;

/// <summary>How a model is opened, beside its path.</summary>
public sealed record ModelOptions
{
    /// <summary>The model's configuration (YAML in the way of CompVis) for a checkpoint without its own, or null.</summary>
    public string? Config { get; init; }

    /// <summary>The folder of the tokenizer's vocabulary for a checkpoint without its own, or null.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Low-rank changes of the weights (LoRA) to add, in order.</summary>
    public IReadOnlyList<LoraFile> Loras { get; init; } = [];
}

/// <summary>A file of low-rank changes, and how much of them to add.</summary>
/// <param name="Path">A safetensors file of kohya's or diffusers' names.</param>
/// <param name="Weight">1 for the changes as they were trained.</param>
public sealed record LoraFile(string Path, double Weight = 1);
