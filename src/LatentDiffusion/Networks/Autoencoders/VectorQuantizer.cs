using LatentDiffusion.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>What a <see cref="VectorQuantizer"/> makes of latents.</summary>
/// <param name="Quantized">[B, D, h, w]; its gradient passes straight through to the input.</param>
/// <param name="Loss">Codebook plus commitment loss, a scalar.</param>
/// <param name="Indices">[B h w], int64: the nearest codes, row by row.</param>
public sealed record QuantizedLatents(Tensor Quantized, Tensor Loss, Tensor Indices);

/// <summary>Replaces every latent vector by the nearest entry of a learned codebook (VQ regularisation, LDM section 3.1).</summary>
public sealed class VectorQuantizer : ExplicitModule
{
    // Distances to all codes are computed for this many pairs at a time: 8 MB.
    private const long MostDistances = 2 * 1024 * 1024;

    private readonly Embedding _embedding;
    private readonly double _beta;
    private readonly bool _legacyBeta;

    /// <summary>Creates a codebook with entries drawn uniformly from [-1/N, 1/N].</summary>
    /// <param name="codes">Number of entries, N.</param>
    /// <param name="dimension">Length of an entry, D.</param>
    /// <param name="beta">Weight of the commitment loss.</param>
    /// <param name="legacyBeta">
    /// True: <paramref name="beta"/> weighs the codebook term instead, as in the reference's training runs.
    /// </param>
    public VectorQuantizer(int codes, int dimension, double beta = 0.25, bool legacyBeta = true)
        : base(nameof(VectorQuantizer))
    {
        using var scope = NewDisposeScope();
        _beta = beta;
        _legacyBeta = legacyBeta;
        _embedding = nn.Embedding(codes, dimension);
        using (no_grad())
        {
            _embedding.weight!.uniform_(-1.0 / codes, 1.0 / codes);
        }

        register_module("embedding", _embedding);
        this.OwnWeights();
    }

    /// <summary>Quantises latents and computes the loss that trains codebook and encoder.</summary>
    /// <param name="latents">[B, D, h, w].</param>
    public QuantizedLatents Quantize(Tensor latents)
    {
        ArgumentNullException.ThrowIfNull(latents);
        using var scope = NewDisposeScope();
        var z = latents.permute(0, 2, 3, 1).contiguous();
        var indices = NearestCodes(z.reshape(-1, z.shape[3]));
        var nearest = _embedding.forward(indices).reshape(z.shape);
        var toEncoder = nearest.detach().sub(z).pow(2).mean();
        var toCodebook = nearest.sub(z.detach()).pow(2).mean();
        var loss = _legacyBeta ? toEncoder.add(toCodebook.mul(_beta)) : toEncoder.mul(_beta).add(toCodebook);
        var straightThrough = z.add(nearest.sub(z).detach()).permute(0, 3, 1, 2).contiguous();
        return new QuantizedLatents(
            straightThrough.MoveToOuterDisposeScope(),
            loss.MoveToOuterDisposeScope(),
            indices.MoveToOuterDisposeScope()
        );
    }

    /// <summary>Looks codes up.</summary>
    /// <param name="indices">[B h w] or [B, h, w], int64.</param>
    /// <param name="batch">B.</param>
    /// <param name="height">h.</param>
    /// <param name="width">w.</param>
    /// <returns>[B, D, h, w].</returns>
    public Tensor Lookup(Tensor indices, long batch, long height, long width)
    {
        ArgumentNullException.ThrowIfNull(indices);
        using var scope = NewDisposeScope();
        var codes = _embedding.forward(indices.reshape(-1)).reshape(batch, height, width, -1);
        return codes.permute(0, 3, 1, 2).contiguous().MoveToOuterDisposeScope();
    }

    private Tensor NearestCodes(Tensor flat)
    {
        using var noGradient = no_grad();
        var codebook = _embedding.weight!;
        var squares = codebook.pow(2).sum(1);
        var rows = Math.Max(1, MostDistances / codebook.shape[0]);
        return cat([.. flat.split(rows).Select(part => NearestCodes(part, codebook, squares))]);
    }

    // Squared distances |z|^2 + |e|^2 - 2 z.e; the first minimum wins.
    private static Tensor NearestCodes(Tensor flat, Tensor codebook, Tensor squares)
    {
        using var scope = NewDisposeScope();
        var products = mm(flat, codebook.t()).mul_(2);
        var distances = flat.pow(2).sum(1, keepdim: true).add(squares).sub_(products);
        return distances.argmin(1).MoveToOuterDisposeScope();
    }
}
