namespace LatentDiffusion.Diffusion.Conditioning;

/// <summary>The names of what conditions may tell, each list in the order of the ids.</summary>
/// <param name="Maps">Classes of label maps.</param>
/// <param name="Layouts">Classes of the objects in layouts.</param>
public sealed record ConditionLabels(IReadOnlyList<string> Maps, IReadOnlyList<string> Layouts)
{
    /// <summary>No names.</summary>
    public static ConditionLabels None { get; } = new([], []);
}
