using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Networks.Layers;

namespace LatentDiffusion.Networks.Discriminators;

/// <summary>What normalises the maps inside a discriminator.</summary>
public enum DiscriminatorNormalization
{
    /// <summary>Batch normalisation, as in all published autoencoders.</summary>
    Batch,

    /// <summary>A learned shift and scale per channel that the first batch initialises.</summary>
    Actnorm,

    /// <summary>Group normalisation: an image's score does not depend on the others in its batch.</summary>
    Group,
}

/// <summary>The shape of a <see cref="PatchDiscriminator"/>.</summary>
public record DiscriminatorConfig : IConfigCheck
{
    /// <summary>Strided layers behind the first.</summary>
    [Description(
        "Strided layers behind the first: each doubles the patch that one score judges (70 pixels for 3, 34 for 2)."
    )]
    [Minimum(1), Maximum(6)]
    public int Layers { get; init; } = 3;

    /// <summary>Channels of the first layer.</summary>
    [Description("Channels of the first layer; they double with each further one, up to eight times.")]
    [Minimum(1)]
    public int Features { get; init; } = 64;

    /// <summary>What normalises the maps.</summary>
    [Description("What normalises the maps between the layers.")]
    public DiscriminatorNormalization Normalization { get; init; } = DiscriminatorNormalization.Batch;

    /// <inheritdoc/>
    public virtual IEnumerable<ConfigProblem> Check()
    {
        if (Normalization == DiscriminatorNormalization.Group && 2 * Features % GroupNormalization.ReferenceGroups != 0)
        {
            yield return new ConfigProblem(
                nameof(Features),
                $"must be a multiple of {GroupNormalization.ReferenceGroups / 2} with group normalisation"
            );
        }
    }
}
