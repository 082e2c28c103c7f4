namespace LatentDiffusion.Kernels.Attention;

/// <summary>Tokens of several sequences and heads in memory; a token's channels of one head lie side by side.</summary>
/// <param name="data">The first element.</param>
/// <param name="batch">Floats from one sequence to the next.</param>
/// <param name="head">Floats from one head to the next.</param>
/// <param name="token">Floats from one token to the next.</param>
internal readonly unsafe struct HeadTokens(float* data, nint batch, nint head, nint token)
{
    /// <summary>The matrix [tokens, depth] of one sequence and head.</summary>
    public Matrix Of(AttentionShape shape, int problem) =>
        new(data + problem / shape.Heads * batch + problem % shape.Heads * head, token);
}
