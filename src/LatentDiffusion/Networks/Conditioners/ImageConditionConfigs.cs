using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Networks.Conditioners;

/// <summary>How training makes low-resolution images.</summary>
public enum LowResolutionKind
{
    /// <summary>Bicubic reduction (LDM-SR).</summary>
    Bicubic,

    /// <summary>The blind degradation of BSRGAN.</summary>
    Bsr,

    /// <summary>Its lighter variant (LDM-BSR).</summary>
    BsrLight,
}

/// <summary>
/// A low-resolution image as channels beside the latents (LDM section 4.4). Channels: the latents, then red, green, blue.
/// The null condition is mid-grey.
/// </summary>
[ConfigKind("super_resolution")]
public sealed record SuperResolutionConfig : SingleConditionerConfig
{
    private const int ImageChannels = 3;

    /// <summary>A condition that is never dropped.</summary>
    public SuperResolutionConfig() => DropProbability = 0;

    /// <summary>How training makes low-resolution images.</summary>
    [Description("How training makes low-resolution images: bicubic, or the blind degradations bsr and bsr_light.")]
    public LowResolutionKind Degradation { get; init; } = LowResolutionKind.Bicubic;

    /// <summary>How many times smaller low-resolution images are, per side.</summary>
    [Description(
        "How many times smaller low-resolution images are, per side; at least the first stage's factor, and where it is "
            + "more, the images are enlarged to the latents' size."
    )]
    [Minimum(1)]
    public int Scale { get; init; } = 4;

    internal override int MapChannels(int latentChannels) => ImageChannels;
}

/// <summary>Which masks training draws.</summary>
public enum MaskKind
{
    /// <summary>LaMa's thin strokes.</summary>
    Thin,

    /// <summary>LaMa's strokes and boxes of medium size.</summary>
    Medium,

    /// <summary>LaMa's thick strokes and large boxes.</summary>
    Thick,

    /// <summary>LaMa's masks for training: as many strokes as boxes.</summary>
    Mixed,
}

/// <summary>What a model sees of an image with holes, and in which order.</summary>
public enum InpaintingConvention
{
    /// <summary>
    /// LDM: the encoded image, its holes black, not scaled; then the mask, 1 in holes and -1 elsewhere.
    /// </summary>
    LatentDiffusion,

    /// <summary>
    /// Stable Diffusion: the mask, 1 in holes and 0 elsewhere; then the encoded image, its holes mid-grey, scaled as latents
    /// are.
    /// </summary>
    StableDiffusion,
}

/// <summary>
/// An image with holes as channels beside the latents (LDM section 4.5). Channels: the latents; what the first stage's encoder
/// says of the image with its holes covered (its mode); the mask at the latents' size by the nearest pixel; the last two in
/// the order and with the values of <see cref="Convention"/>. The null condition is an image that is one hole.
/// </summary>
[ConfigKind("inpainting")]
public sealed record InpaintingConfig : SingleConditionerConfig
{
    /// <summary>A condition that is never dropped.</summary>
    public InpaintingConfig() => DropProbability = 0;

    /// <summary>Which masks training draws.</summary>
    [Description("Which of LaMa's masks training draws; mixed is what LaMa and the paper train on.")]
    public MaskKind Masks { get; init; } = MaskKind.Mixed;

    /// <summary>What the model sees, and in which order.</summary>
    [Description("What the model sees of the image and its mask: as LDM's inpainting model or as Stable Diffusion's.")]
    public InpaintingConvention Convention { get; init; } = InpaintingConvention.LatentDiffusion;

    internal override int MapChannels(int latentChannels) => latentChannels + 1;
}

/// <summary>
/// A map of classes as channels beside the latents (LDM section 4.3.2): one-hot, halved until it has the latents' size, its
/// channels mixed by learned weights. The null condition is a map on which no pixel has a class.
/// </summary>
[ConfigKind("semantic_map")]
public sealed record SemanticMapConfig : SingleConditionerConfig
{
    /// <summary>Channels that the map becomes.</summary>
    [Description("Channels that the map becomes beside the latents.")]
    [Minimum(1)]
    public int Channels { get; init; } = 3;

    /// <summary>How often the map is halved; 2 to the power of it is the first stage's factor.</summary>
    [Description("How often the map is halved; 2 to the power of it is the first stage's factor.")]
    [Minimum(0)]
    public int Stages { get; init; } = 2;

    /// <summary>How the map is scaled.</summary>
    [Description("How the map is scaled.")]
    public RescaleMethod Method { get; init; } = RescaleMethod.Bilinear;

    internal override int MapChannels(int latentChannels) => Channels;
}

/// <summary>
/// Objects and their boxes as tokens through a transformer that is trained together with the UNet (LDM section 4.3.1). The
/// null condition has no objects.
/// </summary>
[ConfigKind("layout")]
public sealed record LayoutConfig : SingleConditionerConfig
{
    /// <summary>Channels of the context tokens; the UNet's context_dim.</summary>
    [Description("Channels of the context tokens; equals the UNet's context_dim (512 in the paper).")]
    [Minimum(1)]
    public required int EmbedDim { get; init; }

    /// <summary>Layers of the transformer.</summary>
    [Description("Layers of the transformer (16 in the paper).")]
    [Minimum(1)]
    public required int Depth { get; init; }

    /// <summary>Objects that a sequence has room for.</summary>
    [Description("Objects that a sequence has room for, three tokens each; 30 make the paper's 92 tokens.")]
    [Minimum(1)]
    public int MaxObjects { get; init; } = 30;

    /// <summary>Size of the vocabulary; the grid of positions has as many cells.</summary>
    [Description("Size of the vocabulary; positions are told on a grid of at most so many cells.")]
    [Minimum(16)]
    public int Vocabulary { get; init; } = 8192;

    /// <summary>Whether groups, occluded objects, depictions and views from inside have class tokens of their own.</summary>
    [Description("Whether groups, occluded objects, depictions and views from inside have class tokens of their own.")]
    public bool UseTraits { get; init; } = true;

    /// <summary>Whether boxes are told in the whole image and the crop in two more tokens, or boxes in the crop.</summary>
    [Description("Whether boxes stay in the whole image and two more tokens tell the crop; else boxes are the crop's.")]
    public bool EncodeCrop { get; init; } = true;

    internal override int? TokenChannels => EmbedDim;
}
