namespace LatentDiffusion.Kernels.Attention;

/// <summary>The sizes of a multi-head attention.</summary>
/// <param name="Batch">Sequences.</param>
/// <param name="Heads">Heads per sequence.</param>
/// <param name="Queries">Query tokens.</param>
/// <param name="Keys">Key and value tokens.</param>
/// <param name="Depth">Channels per head.</param>
internal readonly record struct AttentionShape(int Batch, int Heads, int Queries, int Keys, int Depth)
{
    /// <summary>Independent attentions.</summary>
    public int Problems => Batch * Heads;
}
