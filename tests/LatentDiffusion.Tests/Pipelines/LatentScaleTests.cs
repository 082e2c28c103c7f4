using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class LatentScaleTests
{
    [Fact]
    public void Of_pixels_it_is_their_deviation_times_the_factor()
    {
        using var model = new LatentDiffusionModel(SmallModels.Pixels) { ScaleFactor = 3 };
        RgbImage[] images = [TestImages.Pattern(8, 8), RgbImage.Filled(8, 8, new Rgb(9, 200, 30))];
        var values = images.SelectMany(i => i.Pixels).Select(p => p / 127.5 - 1).ToList();
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));

        var scale = LatentScale.Of(model, images);

        Assert.Equal(3, scale.ScaleFactor);
        Assert.Equal(3 * deviation, scale.Deviation, 1e-5);
    }
}
