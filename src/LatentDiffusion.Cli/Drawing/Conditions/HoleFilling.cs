using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Data.Masks;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Drawing.Conditions;

/// <summary>Inpainting: what a mask marks is painted anew, the rest stays. Any model can do it; some were trained for it.</summary>
internal sealed class HoleFilling : ShownCondition
{
    public override string Verb => "inpaint";

    public override IReadOnlyList<FileRole> Roles { get; } =
    [
        new("--image", "The image to repaint a part of, of any size", "--image is missing: name the image to repaint."),
        new(
            "--mask",
            "An image of the same size, white where to paint",
            "--mask is missing: name an image of the same size that is white where to paint."
        ),
    ];

    protected override string Does => "fills holes in images";

    public override ShownPlan Plan(
        IReadOnlyList<SourceFile> files,
        double? scale,
        SamplingRequest request,
        LatentDiffusionModel model,
        Output output
    )
    {
        var image = Decode(files[0]);
        var masked = new MaskedImage(image, InpaintingMask.Read(files[1].Path, image.Width, image.Height));
        return new ShownPlan(new Inpainter(model).Plan(masked, request), masked.Erased);
    }

    protected override bool IsMadeFor(LatentDiffusionModel model) => new Inpainter(model).IsTrainedForIt;
}
