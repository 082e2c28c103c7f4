using LatentDiffusion.Cli.Drawing;
using LatentDiffusion.Cli.Drawing.Conditions;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm layout</c>: draws objects in their boxes (LDM section 4.3.1).</summary>
internal sealed class LayoutVerb()
    : SamplingVerb(
        "layout",
        "Draw objects where boxes with labels say",
        "ldm layout models/scene-layout --layout examples/scene-layout.json --count 4 --grid",
        usualCount: 4,
        new PromptOptions(),
        shown: new ConditionOptions(ShownCondition.Layout)
    );
