using LatentDiffusion.Cli.Drawing;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm img2img</c>: draws over an image.</summary>
internal sealed class ImageToImageVerb()
    : SamplingVerb(
        "img2img",
        "Draw over an image: add noise to it, remove the noise again",
        "ldm img2img models/emoji-text --image apple.png --strength 0.6 --prompt \"a green apple\"",
        usualCount: 4,
        new PromptOptions(),
        new StartOptions()
    );
