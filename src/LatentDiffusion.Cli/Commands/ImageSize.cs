using System.CommandLine;
using System.Globalization;

namespace LatentDiffusion.Cli.Commands;

/// <summary>A width and height in pixels, written WxH.</summary>
internal sealed record ImageSize(int Width, int Height)
{
    /// <param name="usual">What is taken without the option, in words.</param>
    public static Option<ImageSize?> CreateOption(string usual = "the training size") =>
        new("--size")
        {
            Description = $"Size of the images in pixels (default: {usual})",
            HelpName = "WxH",
            CustomParser = result =>
            {
                if (Parse(result.Tokens[0].Value) is { } size)
                {
                    return size;
                }

                result.AddError(
                    $"option '--size' takes a width and a height such as 64x32, not '{result.Tokens[0].Value}'."
                );
                return null;
            },
        };

    private static ImageSize? Parse(string text) =>
        text.Split('x') is [var w, var h]
        && int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out var width)
        && int.TryParse(h, NumberStyles.None, CultureInfo.InvariantCulture, out var height)
            ? new ImageSize(width, height)
            : null;
}
