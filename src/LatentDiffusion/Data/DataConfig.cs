using System.ComponentModel;
using LatentDiffusion.Configuration;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;

namespace LatentDiffusion.Data;

/// <summary>Where training images come from and how they are made square.</summary>
[ConfigKinds(typeof(ImageFolderConfig), typeof(ParquetConfig))]
public abstract record DataConfig
{
    /// <summary>Width and height of the training images, in pixels.</summary>
    [Description("Width and height of the training images, in pixels.")]
    [Minimum(1)]
    public required int Size { get; init; }

    /// <summary>How an image of another shape becomes square.</summary>
    [Description("How an image of another shape becomes square.")]
    public ResizeMode Resize { get; init; } = ResizeMode.ShortSide;

    /// <summary>Which part of the image is kept.</summary>
    [Description("Which part of the image is kept.")]
    public CropPlace Crop { get; init; } = CropPlace.Center;

    /// <summary>Probability of mirroring an image.</summary>
    [Description("Probability of mirroring an image left to right.")]
    [Minimum(0), Maximum(1)]
    public double FlipProbability { get; init; }

    /// <summary>Whether to turn images.</summary>
    [Description("Turn images by 0, 90, 180 or 270 degrees at random, where no side is up; not with layouts.")]
    public bool Rotate { get; init; }

    /// <summary>The column that names an image's class.</summary>
    [Description("The table column that names an image's class; image folders without one use their sub-folders.")]
    public string? ClassColumn { get; init; }

    /// <summary>The column that holds an image's caption.</summary>
    [Description("The table column that holds an image's caption; when absent, 'text' or 'caption'.")]
    public string? CaptionColumn { get; init; }

    /// <summary>Keeps only rows with these values; see <see cref="RowFilter.Parse"/>.</summary>
    [Description("Keeps only table rows with this value, as 'column=value'; several are joined by '&'.")]
    public string? Where { get; init; }

    /// <summary>Threads that decode images.</summary>
    [Description("Threads that decode images; never changes a result.")]
    [Minimum(0)]
    public int Workers { get; init; } = 1;

    /// <summary>Opens the images.</summary>
    /// <exception cref="Errors.UserInputException">They cannot be used.</exception>
    public abstract IImageSource Open();

    /// <summary>Opens the images with their transform.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="Errors.UserInputException">They cannot be used.</exception>
    public ImageDataset OpenDataset(long seed) =>
        new(
            Open(),
            new ImageTransform(Size)
            {
                Resize = Resize,
                Crop = Crop,
                FlipProbability = FlipProbability,
                Rotate = Rotate,
            },
            seed
        );

    /// <summary>Opens the label maps beside the images; null when the configuration names none.</summary>
    /// <param name="images">The images.</param>
    /// <exception cref="Errors.UserInputException">They cannot be used.</exception>
    public virtual SemanticMapSource? OpenMaps(IImageSource images) => null;

    /// <summary>Opens the layouts of the images; null when the configuration names none.</summary>
    /// <param name="images">The images.</param>
    /// <exception cref="Errors.UserInputException">They cannot be used.</exception>
    public virtual LayoutSource? OpenLayouts(IImageSource images) => null;

    private protected SourceColumns Columns =>
        new()
        {
            Class = ClassColumn,
            Caption = CaptionColumn,
            Filter = Where is null ? null : RowFilter.Parse(Where),
        };
}

/// <summary>A folder of images; sub-folders are classes.</summary>
[ConfigKind("image_folder")]
public sealed record ImageFolderConfig : DataConfig, IConfigCheck
{
    /// <summary>The folder.</summary>
    [Description("The folder.")]
    [ConfigPath]
    public required string Path { get; init; }

    /// <summary>The folder of label maps, or null.</summary>
    [Description(
        "The folder of label maps, PNG files of the images' names; labels.txt in it or above it names their classes."
    )]
    [ConfigPath]
    public string? Maps { get; init; }

    /// <summary>The objects and boxes in the images, or null.</summary>
    [Description(
        "The objects and boxes in the images: COCO's .json, OpenImages' .csv, or a folder of layouts (.json) or of Pascal "
            + "VOC annotations (.xml)."
    )]
    [ConfigPath]
    public string? Layouts { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Rotate && Layouts is not null)
        {
            yield return new ConfigProblem(nameof(Rotate), "turns no boxes; set it to false or remove 'layouts'");
        }
    }

    /// <inheritdoc/>
    public override IImageSource Open() => ImageFolderSource.Open(Path, Columns);

    /// <inheritdoc/>
    public override SemanticMapSource? OpenMaps(IImageSource images) =>
        Maps is null ? null : SemanticMapSource.Open(images, Maps);

    /// <inheritdoc/>
    public override LayoutSource? OpenLayouts(IImageSource images) =>
        Layouts is null ? null : LayoutSource.Open(Layouts, images);
}

/// <summary>A Parquet file with encoded images in one column.</summary>
[ConfigKind("parquet")]
public sealed record ParquetConfig : DataConfig
{
    /// <summary>The file.</summary>
    [Description("The file.")]
    [ConfigPath]
    public required string Path { get; init; }

    /// <summary>The column with the encoded images.</summary>
    [Description("The column with the encoded images.")]
    public string ImageColumn { get; init; } = "image";

    /// <summary>Further captions, of which training draws one at random; see <see cref="CaptionTemplate"/>.</summary>
    [Description(
        "Further captions, made of columns in braces, such as '{name}, {group}'; training draws one of all at random."
    )]
    public IReadOnlyList<string> OtherCaptions { get; init; } = [];

    /// <inheritdoc/>
    public override IImageSource Open() =>
        ParquetImageSource.Open(
            Path,
            Columns with
            {
                Image = ImageColumn,
                OtherCaptions = [.. OtherCaptions.Select(CaptionTemplate.Parse)],
            }
        );
}
