using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>
/// Judges samples of layouts as they come, see <see cref="BoxObedience"/>: of every box the features are kept, not the
/// pictures.
/// </summary>
/// <param name="network">Sees them; not disposed.</param>
internal sealed class BoxJudge(IFeatureNetwork network)
{
    /// <summary>The side that contents of boxes are brought to, in pixels, to be compared.</summary>
    public const int Side = 32;

    // Smaller contents have too little to tell.
    private const int LeastPixels = 6;

    // Networks compute that many at once.
    private const int MostWaiting = 64;

    private readonly List<(int Image, string Label)> _boxes = [];
    private readonly List<RgbImage> _drawn = [];
    private readonly List<RgbImage> _original = [];
    private readonly ImageFeatures _samples = new(network);
    private readonly ImageFeatures _real = new(network);
    private int _seen;

    /// <summary>Takes in the contents of the next sample's boxes.</summary>
    public void Add(ConditionalDraw draw)
    {
        foreach (var item in draw.Input.Layout?.Visible() ?? [])
        {
            if (Content(draw.Sample, item.Box) is { } content)
            {
                _boxes.Add((_seen, item.Label));
                _drawn.Add(content);
                _original.Add(Content(draw.Original, item.Box)!);
            }
        }

        _seen++;
        if (_drawn.Count >= MostWaiting)
        {
            See();
        }
    }

    /// <summary>What was found.</summary>
    /// <exception cref="UserInputException">There were not enough boxes to judge by.</exception>
    public BoxObedience Result()
    {
        if (_boxes.Select(box => box.Image).Distinct().Count() < 2)
        {
            throw new UserInputException(
                $"Boxes of at least {LeastPixels} pixels a side in two images are needed to judge layouts: use more images."
            );
        }

        See();
        var labels = _boxes.ConvertAll(box => box.Label);
        return new BoxObedience(
            NearestClass.Rate(NearestClass.Distances(_samples, _real), labels, labels, OfOtherImages),
            NearestClass.Rate(NearestClass.Distances(_real, _real), labels, labels, OfOtherImages)
        );

        bool OfOtherImages(int one, int other) => _boxes[one].Image != _boxes[other].Image;
    }

    private void See()
    {
        _samples.Add(_drawn);
        _real.Add(_original);
        _drawn.Clear();
        _original.Clear();
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
