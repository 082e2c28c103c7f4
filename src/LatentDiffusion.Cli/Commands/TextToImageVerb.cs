using LatentDiffusion.Cli.Drawing;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm txt2img</c>: draws what a text says.</summary>
internal sealed class TextToImageVerb()
    : SamplingVerb(
        "txt2img",
        "Draw what a text says",
        "ldm txt2img models/emoji-text --prompt \"a red apple\" --count 4 --grid",
        usualCount: 4,
        new PromptOptions { IsRequired = true }
    )
{
    protected override void CheckModel(LatentDiffusionModel model, string path)
    {
        if (!model.ReadsText)
        {
            throw new UserInputException(
                $"{path} reads no text: use 'ldm sample {path}'"
                    + (model.Config.Classes.Count > 0 ? $", with --class {model.Config.Classes[0]} and the like." : ".")
            );
        }
    }
}
