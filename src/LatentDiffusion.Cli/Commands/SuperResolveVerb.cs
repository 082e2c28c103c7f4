using LatentDiffusion.Cli.Drawing;
using LatentDiffusion.Cli.Drawing.Conditions;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm superres</c>: enlarges an image (LDM section 4.4).</summary>
internal sealed class SuperResolveVerb()
    : SamplingVerb(
        "superres",
        "Enlarge an image with detail that suits it; large ones in overlapping tiles",
        "ldm superres models/photo-superres-x4 --image examples/coffee-small.png",
        usualCount: 1,
        new PromptOptions(),
        shown: new ConditionOptions(ShownCondition.Enlargement)
    );
