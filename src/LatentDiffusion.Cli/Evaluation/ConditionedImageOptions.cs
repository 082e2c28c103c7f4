using System.CommandLine;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Data;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Conditions;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>The options that name real images and what belongs to them.</summary>
internal sealed class ConditionedImageOptions
{
    private readonly Option<string> _images = new("--images")
    {
        Description = "Real images: a folder, a .parquet file, a .zip of image files or an .npz of pixels",
        HelpName = "PATH",
        Required = true,
    };

    private readonly Option<string?> _where = new("--where")
    {
        Description = "Take only images whose column has this value, such as split=test; join several by &",
        HelpName = "COLUMN=VALUE",
    };

    private readonly Option<string?> _maps = new("--maps")
    {
        Description = "Folder of their label maps, for a semantic model",
        HelpName = "DIR",
    };

    private readonly Option<string?> _layouts = new("--layouts")
    {
        Description = "Their objects and boxes, for a layout model: .json, .csv or a folder",
        HelpName = "PATH",
    };

    private readonly Option<int?> _size = new("--size")
    {
        Description = "Side of the images in pixels (default: the training size)",
        HelpName = "N",
    };

    private readonly Option<ResizeMode> _resize = new("--resize")
    {
        Description = "How images become so large: shortside shrinks them, keep cuts out the middle as it is",
        DefaultValueFactory = _ => ResizeMode.ShortSide,
    };

    private readonly Option<LowResolutionKind?> _degradation = new("--degradation")
    {
        Description = "How low-resolution images are made: bicubic, bsr or bsrlight (default: as in training)",
    };

    private readonly Option<MaskKind?> _masks = new("--masks")
    {
        Description = "Which holes are cut: thin, medium, thick or mixed (default: as in training)",
    };

    public void AddTo(Verb verb)
    {
        foreach (var option in (Option[])[_images, _where, _maps, _layouts, _size, _resize, _degradation, _masks])
        {
            verb.Options.Add(option);
        }

        Positive.Require(_size);
    }

    /// <summary>Opens the images with what a conditioner reads of them.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="usualSize">Their size where none was given.</param>
    /// <param name="conditioner">The model's conditioner.</param>
    public AnnotatedImages Open(ParseResult arguments, int usualSize, ConditionerConfig conditioner)
    {
        Require(_maps, conditioner.Singles.Any(single => single is SemanticMapConfig), "label maps");
        Require(_layouts, conditioner.Singles.Any(single => single is LayoutConfig), "layouts");
        var data = Data(arguments, usualSize);
        var (degradation, masks) = (arguments.GetValue(_degradation), arguments.GetValue(_masks));
        SingleConditionerConfig[] chosen =
        [
            .. conditioner.Singles.Select(single =>
                single switch
                {
                    SuperResolutionConfig low when degradation is { } kind => low with { Degradation = kind },
                    InpaintingConfig inpainting when masks is { } kind => inpainting with { Masks = kind },
                    _ => single,
                }
            ),
        ];
        return AnnotatedImages.Open(chosen, data, data.OpenDataset(seed: 0), "--images");

        void Require(Option<string?> option, bool isNeeded, string what)
        {
            if (isNeeded && arguments.GetValue(option) is null)
            {
                throw new UserInputException(
                    $"The model is shown {what}: say where those of the images are with {option.Name}."
                );
            }
        }
    }

    private AnyImages Data(ParseResult arguments, int usualSize) =>
        new()
        {
            Path = arguments.GetRequiredValue(_images),
            Size = arguments.GetValue(_size) ?? usualSize,
            Resize = arguments.GetValue(_resize),
            Where = arguments.GetValue(_where),
            Maps = arguments.GetValue(_maps),
            Layouts = arguments.GetValue(_layouts),
        };

    // Configurations of trainings say what kind of source it is; here its name does.
    private sealed record AnyImages : DataConfig
    {
        public required string Path { get; init; }

        public string? Maps { get; init; }

        public string? Layouts { get; init; }

        public override IImageSource Open() =>
            ImageSources.Open(Path, new SourceColumns { Filter = Where is null ? null : RowFilter.Parse(Where) });

        public override SemanticMapSource? OpenMaps(IImageSource images) =>
            Maps is null ? null : SemanticMapSource.Open(Named(images, "label maps"), Maps);

        public override LayoutSource? OpenLayouts(IImageSource images) =>
            Layouts is null ? null : LayoutSource.Open(Layouts, Named(images, "layouts"));

        private IImageSource Named(IImageSource images, string what) =>
            PairedImages.HasNames(images)
                ? images
                : throw new UserInputException(
                    $"The images of \"{Path}\" have no names, by which {what} are found: give a folder or a .zip file."
                );
    }
}
