using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Imaging;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class LatentScaleTests
{
    [Fact]
    public void Of_pixels_it_is_their_deviation_times_the_factor()
    {
        using var model = new LatentDiffusionModel(
            new LatentDiffusionModelConfig
            {
                FirstStage = new IdentityConfig(),
                ImageSize = 8,
                Unet = new UnetConfig
                {
                    InChannels = 3,
                    OutChannels = 3,
                    ModelChannels = 32,
                    ChannelMult = [1],
                    NumResBlocks = 1,
                    NumHeads = 1,
                },
            }
        )
        {
            ScaleFactor = 3,
        };
        RgbImage[] images = [TestImages.Pattern(8, 8), RgbImage.Filled(8, 8, new Rgb(9, 200, 30))];
        var values = images.SelectMany(i => i.Pixels).Select(p => p / 127.5 - 1).ToList();
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));

        var scale = LatentScale.Of(model, images);

        Assert.Equal(3, scale.ScaleFactor);
        Assert.Equal(3 * deviation, scale.Deviation, 1e-5);
    }
}
