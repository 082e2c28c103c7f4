namespace LatentDiffusion.Diffusion.Patches;

/// <summary>
/// How maps are cut into overlapping patches and put together again (the reference's split_input_params). Sizes are
/// in pixels of the map that is cut.
/// </summary>
/// <param name="KernelHeight">Height of a patch.</param>
/// <param name="KernelWidth">Width of a patch.</param>
/// <param name="StrideHeight">Rows from one patch to the next, at most the height.</param>
/// <param name="StrideWidth">Columns from one patch to the next, at most the width.</param>
public sealed record PatchSettings(int KernelHeight, int KernelWidth, int StrideHeight, int StrideWidth)
{
    /// <summary>Square patches that overlap by half.</summary>
    /// <param name="kernel">Side of a patch.</param>
    public PatchSettings(int kernel)
        : this(kernel, kernel, Math.Max(1, kernel / 2), Math.Max(1, kernel / 2)) { }

    /// <summary>The least weight, at a patch's border.</summary>
    public double MinWeight { get; init; } = 0.01;

    /// <summary>The greatest weight, in its middle.</summary>
    public double MaxWeight { get; init; } = 0.5;

    /// <summary>Whether patches in the middle of the map outweigh those at its border.</summary>
    public bool TieBreaker { get; init; }

    /// <summary>The least tie-breaking weight.</summary>
    public double MinTieWeight { get; init; } = 0.01;

    /// <summary>The greatest tie-breaking weight.</summary>
    public double MaxTieWeight { get; init; } = 0.5;
}
