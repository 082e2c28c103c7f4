namespace LatentDiffusion.Checkpoints.Torch;

/// <summary>What the pickle of a file holds.</summary>
/// <param name="Value">The object that was saved.</param>
/// <param name="Stubs">The classes and functions that were not understood, as module and name.</param>
/// <param name="IsBigEndian">Whether the elements of the storages are.</param>
internal sealed record TorchContents(object? Value, IReadOnlyList<string> Stubs, bool IsBigEndian);
