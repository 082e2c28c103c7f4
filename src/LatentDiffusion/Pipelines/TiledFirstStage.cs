using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Autoencoders.Rows;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// Encodes and decodes images of any size in bounded memory, without seams: beside the result there is room for one map at
/// the image's resolution and for a few tiles.
/// </summary>
/// <remarks>
/// What a first stage without attention returns is what it returns untiled, up to rounding: pieces overlap by what
/// convolutions reach, and normalisations take the statistics of the whole map. Attention sees overlapping tiles that are
/// blended with linear ramps; this is where tiled and untiled results differ. Images no larger than a tile are not cut up.
/// Gradients are not computed.
/// </remarks>
public sealed class TiledFirstStage
{
    /// <summary>The tile size unless another is asked for, in pixels.</summary>
    public const int DefaultTileSize = 512;

    // A quarter of a tile on each side.
    private const int DefaultOverlapShare = 4;

    private readonly FirstStage _firstStage;
    private readonly int _tileSize;
    private readonly int _overlap;

    /// <summary>Chooses tiles.</summary>
    /// <param name="firstStage">The first stage; used by one thread at a time.</param>
    /// <param name="tileSize">Side of a tile in pixels, a multiple of the first stage's downsampling factor.</param>
    /// <param name="overlap">Pixels that neighbouring tiles share, up to half a tile; null is a quarter of a tile.</param>
    /// <exception cref="UserInputException">Tile size or overlap is out of range.</exception>
    public TiledFirstStage(FirstStage firstStage, int tileSize = DefaultTileSize, int? overlap = null)
    {
        ArgumentNullException.ThrowIfNull(firstStage);
        var factor = firstStage.DownsamplingFactor;
        if (tileSize <= 0 || tileSize % factor != 0)
        {
            throw new UserInputException(
                $"The tile size is {tileSize} pixels: choose a positive multiple of {factor}, the downsampling factor."
            );
        }

        if (overlap is { } pixels && (pixels < 0 || pixels > tileSize / 2))
        {
            throw new UserInputException(
                $"The overlap is {pixels} pixels: choose 0 to {tileSize / 2}, half of the tile size."
            );
        }

        _firstStage = firstStage;
        _tileSize = tileSize;
        _overlap = overlap ?? tileSize / DefaultOverlapShare;
    }

    /// <summary>The most likely latents of images, as <see cref="FirstStage.ModeOfLatents"/> has them.</summary>
    /// <param name="images">[B, C, H, W] in [-1,1]; H and W are multiples of the downsampling factor.</param>
    /// <returns>[B, latent channels, H/f, W/f].</returns>
    /// <exception cref="UserInputException">The images' size is no multiple of the downsampling factor.</exception>
    public Tensor EncodeMode(Tensor images)
    {
        using var scope = NewDisposeScope();
        return _firstStage.ModeOfLatents(Encode(images)).MoveToOuterDisposeScope();
    }

    /// <summary>What <see cref="FirstStage.Encode"/> says about images: moments (KL) or latents (VQ).</summary>
    /// <param name="images">[B, C, H, W] in [-1,1]; H and W are multiples of the downsampling factor.</param>
    /// <returns>[B, K, H/f, W/f].</returns>
    /// <exception cref="UserInputException">The images' size is no multiple of the downsampling factor.</exception>
    public Tensor Encode(Tensor images)
    {
        CheckMaps(images);
        var factor = _firstStage.DownsamplingFactor;
        if (images.shape[2] % factor != 0 || images.shape[3] % factor != 0)
        {
            throw new UserInputException(
                $"An image of {images.shape[3]}x{images.shape[2]} pixels cannot be encoded: "
                    + $"crop or resize it to multiples of {factor}."
            );
        }

        return Each(images, factor: 1, _firstStage.Encode, _firstStage.EncodeBy);
    }

    /// <summary>Latents to images; VQ latents are quantised first.</summary>
    /// <param name="latents">[B, latent channels, h, w].</param>
    /// <returns>[B, C, h f, w f], about [-1,1], not clamped.</returns>
    public Tensor Decode(Tensor latents)
    {
        CheckMaps(latents);
        return Each(latents, _firstStage.DownsamplingFactor, _firstStage.Decode, _firstStage.DecodeBy);
    }

    // One image after the other, so that memory does not grow with the batch.
    private Tensor Each(
        Tensor maps,
        int factor,
        Func<Tensor, Tensor> whole,
        Func<Tensor, LayerChainEvaluation, Tensor> tiled
    )
    {
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var tiling = new Tiling(maps.shape[2] * factor, maps.shape[3] * factor, _tileSize, _overlap);
        if (tiling.Height <= _tileSize && tiling.Width <= _tileSize)
        {
            return whole(maps).MoveToOuterDisposeScope();
        }

        Tensor One(Tensor map) => tiled(map, (chain, input) => BandedEvaluation.Run(tiling, chain, input));
        return maps.shape[0] == 1
            ? One(maps).MoveToOuterDisposeScope()
            : cat([.. maps.split(1).Select(One)]).MoveToOuterDisposeScope();
    }

    private static void CheckMaps(Tensor maps)
    {
        ArgumentNullException.ThrowIfNull(maps);
        if (maps.dim() != 4)
        {
            throw new ArgumentException($"Maps must be [B, C, H, W], not [{string.Join(", ", maps.shape)}].");
        }
    }
}
