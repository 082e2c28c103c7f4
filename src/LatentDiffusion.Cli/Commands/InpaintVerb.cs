using LatentDiffusion.Cli.Drawing;
using LatentDiffusion.Cli.Drawing.Conditions;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm inpaint</c>: repaints a part of an image (LDM section 4.5).</summary>
internal sealed class InpaintVerb()
    : SamplingVerb(
        "inpaint",
        "Repaint the white part of a mask; every other pixel of the image stays as it is",
        "ldm inpaint models/photo-inpaint --image examples/cat.png --mask examples/cat-mask.png --count 4 --grid",
        usualCount: 1,
        new PromptOptions(),
        shown: new ConditionOptions(ShownCondition.HoleFilling)
    );
