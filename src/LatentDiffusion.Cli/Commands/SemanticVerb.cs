using LatentDiffusion.Cli.Drawing;
using LatentDiffusion.Cli.Drawing.Conditions;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm semantic</c>: draws what a map of classes says for every pixel (LDM section 4.3.2).</summary>
internal sealed class SemanticVerb()
    : SamplingVerb(
        "semantic",
        "Draw what a label map says for every pixel, in the map's size",
        "ldm semantic models/scene-semantic --map examples/scene-map.png --count 4 --grid",
        usualCount: 4,
        new PromptOptions(),
        shown: new ConditionOptions(ShownCondition.LabelMap)
    );
