using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>
/// Whether samples of a layout model show the objects in their boxes: what a sample has in a box is told by the nearest
/// content of a box in a real image, as a feature network sees both.
/// </summary>
/// <param name="Boxes">How often the nearest real content is of the box's label.</param>
/// <param name="BoxesOfReal">The same of the real images, told by other images: what the judge reaches at best.</param>
public sealed record BoxObedience(ObedienceRate Boxes, ObedienceRate BoxesOfReal)
{
    // Contents are compared at one size; smaller ones have too little to tell.
    private const int Side = 32;
    private const int LeastPixels = 6;

    /// <summary>Judges samples.</summary>
    /// <param name="draws">Samples, the layouts they were drawn from, and the real images of these.</param>
    /// <param name="network">Sees them; not disposed.</param>
    /// <exception cref="UserInputException">There are not enough boxes to judge by.</exception>
    public static BoxObedience Of(IReadOnlyList<ConditionalDraw> draws, IFeatureNetwork network)
    {
        ArgumentNullException.ThrowIfNull(draws);
        ArgumentNullException.ThrowIfNull(network);
        List<(int Image, string Label)> boxes = [];
        List<RgbImage> drawn = [];
        List<RgbImage> original = [];
        foreach (var (image, draw) in draws.Index())
        {
            foreach (var item in draw.Input.Layout?.Visible() ?? [])
            {
                if (Content(draw.Sample, item.Box) is { } content)
                {
                    boxes.Add((image, item.Label));
                    drawn.Add(content);
                    original.Add(Content(draw.Original, item.Box)!);
                }
            }
        }

        if (boxes.Select(box => box.Image).Distinct().Count() < 2)
        {
            throw new UserInputException(
                $"Boxes of at least {LeastPixels} pixels a side in two images are needed to judge layouts: use more images."
            );
        }

        var (real, samples) = (new ImageFeatures(network), new ImageFeatures(network));
        real.Add(original);
        samples.Add(drawn);
        var labels = boxes.ConvertAll(box => box.Label);
        return new BoxObedience(
            NearestClass.Rate(NearestClass.Distances(samples, real), labels, labels, OfOtherImages),
            NearestClass.Rate(NearestClass.Distances(real, real), labels, labels, OfOtherImages)
        );

        bool OfOtherImages(int one, int other) => boxes[one].Image != boxes[other].Image;
    }

    private static RgbImage? Content(RgbImage image, RelativeBox box)
    {
        var (left, top) = ((int)Math.Round(box.X * image.Width), (int)Math.Round(box.Y * image.Height));
        var right = Math.Min((int)Math.Round((box.X + box.Width) * image.Width), image.Width);
        var bottom = Math.Min((int)Math.Round((box.Y + box.Height) * image.Height), image.Height);
        return right - left >= LeastPixels && bottom - top >= LeastPixels
            ? Resampler.Bicubic(image.Crop(left, top, right - left, bottom - top), Side, Side)
            : null;
    }
}
