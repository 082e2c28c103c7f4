using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Conditions;

namespace LatentDiffusion.Cli.Drawing.Conditions;

/// <summary>Layout to image: objects with labels stand in their boxes.</summary>
internal sealed class LayoutDrawing : ShownCondition
{
    public override string Verb => "layout";

    public override IReadOnlyList<FileRole> Roles { get; } =
    [
        new(
            "--layout",
            "Objects with labels and boxes (JSON, see docs/data.md)",
            "--layout is missing: name a JSON file of objects with labels and boxes (see docs/data.md)."
        ),
    ];

    public override bool LeavesSizeOpen => true;

    protected override string Does => "draws layouts";

    public override ShownPlan Plan(
        IReadOnlyList<SourceFile> files,
        double? scale,
        SamplingRequest request,
        LatentDiffusionModel model,
        Output output
    )
    {
        var config =
            ConfigOf(model)
            ?? throw new UserInputException("The model draws no layouts: choose one whose conditioner is layout.");
        var layout = LayoutFile.Read(files[0].Path, model.Config.LayoutLabels, config.MaxObjects);
        var (width, height) = (request.Width ?? model.Config.ImageSize, request.Height ?? model.Config.ImageSize);
        if ((long)layout.Width!.Value * height != (long)layout.Height!.Value * width)
        {
            output.Log(
                $"{files[0].Path} is for {layout.Width}x{layout.Height} pixels: its boxes are fitted to {width}x{height}."
            );
        }

        var shown = new ShownLayout(layout.Objects);
        return new ShownPlan(
            SamplingPlan.Of(
                request with
                {
                    Inputs = [.. request.Inputs.Select(input => input with { Layout = shown })],
                }
            ),
            LayoutPicture.Draw(shown, model.Config.LayoutLabels, Math.Max(width, height))
        );
    }

    protected override bool IsMadeFor(LatentDiffusionModel model) => ConfigOf(model) is not null;

    private static LayoutConfig? ConfigOf(LatentDiffusionModel model) =>
        model.Config.Conditioner?.Singles.OfType<LayoutConfig>().FirstOrDefault();
}
