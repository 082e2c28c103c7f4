using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Drawing.Conditions;

/// <summary>Semantic synthesis: every pixel's class is given by a map, which also gives the size.</summary>
internal sealed class MapDrawing : ShownCondition
{
    public override string Verb => "semantic";

    public override IReadOnlyList<FileRole> Roles { get; } =
    [
        new(
            "--map",
            "Label map: a PNG whose palette indices or grey levels are class numbers",
            "--map is missing: name a PNG whose palette indices or grey levels are class numbers."
        ),
    ];

    protected override string Does => "draws label maps";

    public override ShownPlan Plan(
        IReadOnlyList<SourceFile> files,
        double? scale,
        SamplingRequest request,
        LatentDiffusionModel model,
        Output output
    )
    {
        if (!IsMadeFor(model))
        {
            throw new UserInputException(
                "The model draws no label maps: choose one whose conditioner is semantic_map."
            );
        }

        var labels = new LabelSet(model.Config.MapLabels);
        var map = labels.ReadMap(files[0].Bytes, files[0].Path);
        var multiple = model.SizeMultiple;
        if (map.Width % multiple != 0 || map.Height % multiple != 0)
        {
            throw new UserInputException(
                $"Label map \"{files[0].Path}\" has {map.Width}x{map.Height} pixels; the model draws multiples of {multiple}: "
                    + "crop it, or scale it without smoothing."
            );
        }

        return new ShownPlan(
            SamplingPlan.Of(
                request with
                {
                    Inputs = [.. request.Inputs.Select(input => input with { Map = map })],
                    Width = map.Width,
                    Height = map.Height,
                }
            ),
            map.Paint(labels.Colours)
        );
    }

    protected override bool IsMadeFor(LatentDiffusionModel model) =>
        model.Config.Conditioner?.Singles.Any(single => single is SemanticMapConfig) == true;
}
