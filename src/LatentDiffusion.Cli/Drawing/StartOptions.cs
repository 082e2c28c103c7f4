using System.CommandLine;
using LatentDiffusion.Cli.Commands;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>The options that name an image to start from.</summary>
internal sealed class StartOptions
{
    /// <summary>As in the scripts that came with Stable Diffusion.</summary>
    public const double UsualStrength = 0.75;

    private readonly Option<double?> _strength = new("--strength")
    {
        Description = FormattableString.Invariant(
            $"How much of the image is redrawn: 0 nothing, 1 everything (default: {UsualStrength})"
        ),
        HelpName = "S",
    };

    private readonly Option<string?> _image = new("--image")
    {
        Description = "The image to draw over; scaled and cropped to the size that is drawn",
        HelpName = "FILE",
    };

    public StartOptions() => Positive.UpToOne(_strength);

    public IReadOnlyList<Option> All => [_image, _strength];

    /// <summary>Those that make another picture of a picture's settings. The image does not: it may just have moved.</summary>
    public IReadOnlyList<Option> Changing => [_strength];

    public string? ProblemOf(Func<Option, bool> isGiven) =>
        isGiven(_image) ? null : "--image is missing: name the image to draw over.";

    public string? Image(ParseResult arguments) => arguments.GetValue(_image);

    public double? Strength(ParseResult arguments) => arguments.GetValue(_strength);
}
