using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>What a <see cref="VectorQuantizer"/> makes of latents.</summary>
/// <param name="Quantized">[B, D, h, w]; its gradient passes straight through to the input.</param>
/// <param name="Loss">Codebook plus commitment loss, a scalar.</param>
/// <param name="Indices">
/// [B h w], int64: the nearest codes, row by row, as numbers of codebook entries even if the quantiser has a remap.
/// </param>
public sealed record QuantizedLatents(Tensor Quantized, Tensor Loss, Tensor Indices)
{
    /// <summary>The indices in the places of their vectors (the reference's sane_index_shape).</summary>
    /// <returns>[B, h, w], int64, a view that the caller disposes.</returns>
    public Tensor IndexMaps() => Indices.view(Quantized.shape[0], Quantized.shape[2], Quantized.shape[3]);
}

/// <summary>Replaces every latent vector by the nearest entry of a learned codebook (VQ regularisation, LDM section 3.1).</summary>
public sealed class VectorQuantizer : ExplicitModule
{
    // Distances to all codes are computed for this many pairs at a time: 8 MB.
    private const long MostDistances = 2 * 1024 * 1024;

    // The reference keeps the used codes in its state dict under this name.
    private const string UsedName = "used";

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
    /// <param name="remap">The codes in use, for <see cref="RemapToUsed"/>; never changes what latents become.</param>
    /// <exception cref="UserInputException">The remap lists a code that the codebook does not have.</exception>
    public VectorQuantizer(
        int codes,
        int dimension,
        double beta = 0.25,
        bool legacyBeta = true,
        CodebookRemap? remap = null
    )
        : base(nameof(VectorQuantizer))
    {
        if (remap?.Used.Max() is { } last && last >= codes)
        {
            throw new UserInputException(
                $"The remap lists code {last}, but the codebook has {codes} codes, 0 to {codes - 1}: use the list that "
                    + "was made for this codebook."
            );
        }

        using var scope = NewDisposeScope();
        _beta = beta;
        _legacyBeta = legacyBeta;
        Remap = remap;
        _embedding = nn.Embedding(codes, dimension, device: MetaDevice.Current);
        using (no_grad())
        {
            _embedding.weight!.uniform_(-1.0 / codes, 1.0 / codes);
        }

        register_module("embedding", _embedding);
        if (remap is not null)
        {
            register_buffer(UsedName, tensor(remap.Used.Select(code => (long)code).ToArray()));
        }

        this.OwnWeights();
    }

    /// <summary>Number of entries, N.</summary>
    public int Codes => (int)_embedding.weight!.shape[0];

    /// <summary>The codes in use, if the quantiser was given a list.</summary>
    public CodebookRemap? Remap { get; }

    /// <summary>Quantises latents and computes the loss that trains codebook and encoder.</summary>
    /// <param name="latents">[B, D, h, w].</param>
    public QuantizedLatents Quantize(Tensor latents)
    {
        ArgumentNullException.ThrowIfNull(latents);
        using var scope = NewDisposeScope();
        var z = latents.permute(0, 2, 3, 1).contiguous();
        var indices = NearestCodes(z.reshape(-1, z.shape[3]));
        var nearest = _embedding.forward(indices).reshape(z.shape);
        var toEncoder = nearest.detach().sub(z).pow(Scalars.Of(2)).mean();
        var toCodebook = nearest.sub(z.detach()).pow(Scalars.Of(2)).mean();
        var loss = _legacyBeta
            ? toEncoder.Plus(toCodebook.mul(Scalars.Of(_beta)))
            : toEncoder.mul(Scalars.Of(_beta)).Plus(toCodebook);
        var straightThrough = z.Plus(nearest.sub(z).detach()).permute(0, 3, 1, 2).contiguous();
        return new QuantizedLatents(
            straightThrough.MoveToOuterDisposeScope(),
            loss.MoveToOuterDisposeScope(),
            indices.MoveToOuterDisposeScope()
        );
    }

    /// <summary>Looks codes up by their numbers in the codebook.</summary>
    /// <param name="indices">[B h w] or [B, h, w], int64: <see cref="QuantizedLatents.Indices"/>.</param>
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

    /// <summary>
    /// Looks codes up by what a model of indices predicts: by their place among the used codes if there is a
    /// <see cref="Remap"/>, else by their numbers (the reference's get_codebook_entry).
    /// </summary>
    /// <param name="indices">[B h w] or [B, h, w], int64: what <see cref="RemapToUsed"/> gave.</param>
    /// <param name="shape">(B, h, w, D).</param>
    /// <returns>[B, D, h, w].</returns>
    public Tensor GetCodebookEntry(Tensor indices, params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(shape);
        using var scope = NewDisposeScope();
        var dimension = _embedding.weight!.shape[1];
        if (shape.Length != 4 || shape[3] != dimension || indices.numel() != shape[0] * shape[1] * shape[2])
        {
            throw new ArgumentException(
                $"{indices.numel()} codes of length {dimension} cannot have the shape "
                    + $"({string.Join(", ", shape)}): give (B, h, w, D).",
                nameof(shape)
            );
        }

        return Lookup(UnmapToAll(indices), shape[0], shape[1], shape[2]).MoveToOuterDisposeScope();
    }

    /// <summary>Numbers codes by their place among the used ones; unchanged without a <see cref="Remap"/>.</summary>
    /// <param name="indices">Any shape, int64: numbers of codebook entries.</param>
    /// <param name="generator">
    /// The source of random indices for codes that are not listed, or null for the global one; unused under other rules.
    /// </param>
    /// <returns>The same shape, int64, below <see cref="CodebookRemap.Count"/>.</returns>
    public Tensor RemapToUsed(Tensor indices, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(indices);
        if (Remap is null)
        {
            return indices.alias();
        }

        using var scope = NewDisposeScope();
        var used = get_buffer(UsedName)!;
        var places = full([_embedding.weight!.shape[0]], Scalars.Of(-1L), int64, used.device);
        places.index_copy_(
            0,
            used,
            arange(Scalars.Of(0), Scalars.Of(used.shape[0]), Scalars.Of(1), int64, used.device)
        );
        var found = places.index_select(0, indices.reshape(-1)).reshape(indices.shape);
        var unknown = found.lt(Scalars.Of(0));
        var substitutes = Remap.IndexOfUnknown is { } index
            ? full_like(found, Scalars.Of(index))
            : randint(Remap.Count, [unknown.sum().item<long>()], int64, generator: generator).to(found.device);
        return found.masked_scatter(unknown, substitutes).MoveToOuterDisposeScope();
    }

    /// <summary>Undoes <see cref="RemapToUsed"/> for used codes; the extra index becomes the first used code.</summary>
    /// <param name="indices">Any shape, int64: places among the used codes.</param>
    /// <returns>The same shape, int64: numbers of codebook entries.</returns>
    public Tensor UnmapToAll(Tensor indices)
    {
        ArgumentNullException.ThrowIfNull(indices);
        if (Remap is null)
        {
            return indices.alias();
        }

        using var scope = NewDisposeScope();
        var used = get_buffer(UsedName)!;
        var listed = Remap.HasExtraIndex
            ? indices.masked_fill(indices.ge(Scalars.Of(used.shape[0])), Scalars.Of(0))
            : indices;
        return used.index_select(0, listed.reshape(-1)).reshape(indices.shape).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Moves codes that nothing is near to into the middle of the data: each becomes a random vector of the given latents.
    /// With every code marked this initialises a fresh codebook from data.
    /// </summary>
    /// <param name="dead">For each code whether to move it, for example <see cref="CodebookUsage.DeadCodes"/>.</param>
    /// <param name="latents">[B, D, h, w], before quantisation; no vector is taken twice before each was taken once.</param>
    /// <param name="generator">Draws the vectors.</param>
    /// <returns>How many codes were moved.</returns>
    public int ResetDeadCodes(IReadOnlyList<bool> dead, Tensor latents, Generator generator)
    {
        ArgumentNullException.ThrowIfNull(dead);
        ArgumentNullException.ThrowIfNull(latents);
        ArgumentNullException.ThrowIfNull(generator);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var codebook = _embedding.weight!;
        if (dead.Count != codebook.shape[0])
        {
            throw new ArgumentException($"{dead.Count} marks for {codebook.shape[0]} codes.", nameof(dead));
        }

        if (latents.dim() != 4 || latents.shape[1] != codebook.shape[1] || latents.numel() == 0)
        {
            throw new ArgumentException(
                $"Latents must be [B, {codebook.shape[1]}, h, w], not [{string.Join(", ", latents.shape)}].",
                nameof(latents)
            );
        }

        var moved = dead.Index().Where(code => code.Item).Select(code => (long)code.Index).ToArray();
        if (moved.Length == 0)
        {
            return 0;
        }

        var vectors = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1]);
        var order = randperm(vectors.shape[0], int64, generator: generator);
        var chosen = order.index_select(
            0,
            arange(Scalars.Of(0), Scalars.Of(moved.Length), Scalars.Of(1), int64)
                .remainder(Scalars.Of(vectors.shape[0]))
        );
        var entries = vectors.index_select(0, chosen.to(vectors.device)).to(codebook.dtype);
        codebook.index_copy_(0, tensor(moved).to(codebook.device), entries);
        return moved.Length;
    }

    private Tensor NearestCodes(Tensor flat)
    {
        using var noGradient = no_grad();
        var codebook = _embedding.weight!;
        var squares = codebook.pow(Scalars.Of(2)).sum(1);
        var rows = Math.Max(1, MostDistances / codebook.shape[0]);
        return cat([.. flat.split(rows).Select(part => NearestCodes(part, codebook, squares))]);
    }

    // Squared distances |z|^2 + |e|^2 - 2 z.e; the first minimum wins.
    private static Tensor NearestCodes(Tensor flat, Tensor codebook, Tensor squares)
    {
        using var scope = NewDisposeScope();
        var products = mm(flat, codebook.t()).mul_(Scalars.Of(2));
        var distances = flat.pow(Scalars.Of(2)).sum(1, keepdim: true).Plus(squares).sub_(products);
        return distances.argmin(1).MoveToOuterDisposeScope();
    }
}
