using LatentDiffusion.Cli.Drawing;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm sample</c>: draws images from an unconditional or class-conditional model.</summary>
internal sealed class SampleVerb()
    : SamplingVerb(
        "sample",
        "Draw images from an unconditional or class-conditional model, or a picture again",
        "ldm sample models/emoji-class --class food-drink --count 16 --grid food.png",
        usualCount: 8
    )
{
    protected override void CheckModel(LatentDiffusionModel model, string path)
    {
        if (model.ReadsText)
        {
            throw new UserInputException(
                $"{path} draws what a text says: use 'ldm txt2img {path} --prompt TEXT' (the empty text draws anything)."
            );
        }
    }

    protected override IReadOnlyList<int> UsualClasses(LatentDiffusionModel model) =>
        [.. Enumerable.Range(0, model.Config.Classes.Count)];
}
