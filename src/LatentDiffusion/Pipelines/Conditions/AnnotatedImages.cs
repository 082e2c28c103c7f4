using LatentDiffusion.Data;
using LatentDiffusion.Data.Annotations;
using LatentDiffusion.Data.Degradations;
using LatentDiffusion.Data.Masks;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Conditioners;

namespace LatentDiffusion.Pipelines.Conditions;

/// <summary>Images with what a conditioner reads of them.</summary>
/// <param name="Images">The images.</param>
/// <param name="Labels">Names of the classes in their label maps and layouts.</param>
/// <param name="Conditioners">What they were annotated for.</param>
public sealed record AnnotatedImages(
    ImageDataset Images,
    ConditionLabels Labels,
    IReadOnlyList<SingleConditionerConfig> Conditioners
)
{
    /// <summary>Annotates images.</summary>
    /// <param name="conditioners">What the annotations are for, see <see cref="ConditionerConfig.Singles"/>.</param>
    /// <param name="data">Where the images come from and what lies beside them.</param>
    /// <param name="images">The images.</param>
    /// <param name="setting">What the configuration calls <paramref name="data"/>.</param>
    /// <exception cref="UserInputException">Something that the conditioner needs is missing or wrong.</exception>
    public static AnnotatedImages Open(
        IReadOnlyList<SingleConditionerConfig> conditioners,
        DataConfig data,
        ImageDataset images,
        string setting
    )
    {
        ArgumentNullException.ThrowIfNull(conditioners);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(images);
        List<IImageAnnotator> annotators = [];
        var labels = ConditionLabels.None;
        foreach (var single in conditioners)
        {
            switch (single)
            {
                case SuperResolutionConfig low:
                    annotators.Add(new LowResolutionAnnotator(DegradationOf(low, data.Size, setting)));
                    break;
                case InpaintingConfig inpainting:
                    annotators.Add(new MaskAnnotator(MaskGenerator.Lama(ThicknessOf(inpainting.Masks), data.Size)));
                    break;
                case SemanticMapConfig:
                    var maps = data.OpenMaps(images.Source) ?? throw Missing("label maps", $"{setting}.maps");
                    annotators.Add(new MapAnnotator(maps));
                    labels = labels with { Maps = maps.Labels.Names };
                    break;
                case LayoutConfig:
                    var layouts = data.OpenLayouts(images.Source) ?? throw Missing("layouts", $"{setting}.layouts");
                    annotators.Add(new LayoutAnnotator(layouts));
                    labels = labels with { Layouts = layouts.Labels };
                    break;
                case TextTransformerConfig or ClipTextConfig:
                    if (
                        Enumerable
                            .Range(0, images.Source.Count)
                            .Any(i => images.Source.Describe(i).OtherCaptions.Count > 0)
                    )
                    {
                        annotators.Add(new CaptionAnnotator(images.Source));
                    }

                    break;
                default:
                    break;
            }
        }

        return new AnnotatedImages(annotators.Count > 0 ? images.With(annotators) : images, labels, conditioners);
    }

    /// <summary>Annotates images for validation in the same way.</summary>
    /// <param name="data">Where they come from and what lies beside them.</param>
    /// <param name="images">The images.</param>
    /// <exception cref="UserInputException">Something is missing, or their classes are others.</exception>
    public ImageDataset Validation(DataConfig data, ImageDataset images)
    {
        var validation = Open(Conditioners, data, images, "validation.images");
        if (!validation.Labels.Maps.SequenceEqual(Labels.Maps, StringComparer.Ordinal))
        {
            throw new UserInputException(
                "The labels of validation.images.maps are not those of data.maps: give both the same labels.txt."
            );
        }

        return validation.Labels.Layouts.Except(Labels.Layouts, StringComparer.Ordinal).FirstOrDefault() is { } unknown
            ? throw new UserInputException(
                $"validation.images.layouts has the label '{unknown}', which data.layouts has not: use the same labels."
            )
            : validation.Images;
    }

    private static Degradation DegradationOf(SuperResolutionConfig config, int size, string setting)
    {
        if (size % config.Scale != 0)
        {
            throw new UserInputException(
                $"{setting}.size {size} must be a multiple of the conditioner's scale, {config.Scale}."
            );
        }

        return config.Degradation switch
        {
            LowResolutionKind.Bicubic => new BicubicDegradation { Scale = config.Scale },
            LowResolutionKind.Bsr => new BsrDegradation { Scale = config.Scale },
            _ => new BsrDegradation { Scale = config.Scale, Strength = BsrStrength.Light },
        };
    }

    private static MaskThickness ThicknessOf(MaskKind kind) =>
        kind switch
        {
            MaskKind.Thin => MaskThickness.Thin,
            MaskKind.Medium => MaskThickness.Medium,
            MaskKind.Thick => MaskThickness.Thick,
            _ => MaskThickness.Training,
        };

    private static UserInputException Missing(string what, string setting) =>
        new($"The conditioner needs {what}: say where they are with {setting} (data of kind image_folder).");
}
