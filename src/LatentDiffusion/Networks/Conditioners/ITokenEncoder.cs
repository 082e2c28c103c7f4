using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>A network that turns token ids into context tokens.</summary>
public interface ITokenEncoder
{
    /// <summary>The most tokens of a sequence.</summary>
    int Length { get; }

    /// <summary>Encodes token sequences.</summary>
    /// <param name="tokens">[B, S], int64; S at most <see cref="Length"/>.</param>
    /// <returns>[B, S, D].</returns>
    Tensor Forward(Tensor tokens);
}
