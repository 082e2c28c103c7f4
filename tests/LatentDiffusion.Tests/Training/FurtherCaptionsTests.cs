using LatentDiffusion.Data;
using LatentDiffusion.Pipelines.Conditions;
using Xunit;

namespace LatentDiffusion.Tests.Training;

public sealed class FurtherCaptionsTests
{
    [Fact]
    public void Training_sees_every_caption_of_an_image_and_the_only_one_where_there_is_one()
    {
        using var shapes = new CaptionedShapes();

        Assert.Equal(["a disc", "a red disc"], Seen(["a disc"]));
        Assert.Equal(["a red disc"], Seen([]));

        IEnumerable<string> Seen(string[] others)
        {
            var images = new ImageDataset(new OneImage(others), new ImageTransform(8), seed: 0, cacheBytes: 0);
            var annotated = AnnotatedImages.Open(shapes.Text.Singles, shapes.Experiment.Data, images, "data");
            return Enumerable
                .Range(0, 40)
                .Select(epoch => ImageConditions.Of(annotated.Images, epoch, 0).Prompt!.Source)
                .Distinct()
                .Order(StringComparer.Ordinal);
        }
    }

    private sealed class OneImage(string[] others) : IImageSource
    {
        public int Count => 1;

        public IReadOnlyList<string> ClassNames => [];

        public ImageRecord Describe(int index) => new("disc", null, null, "a red disc") { OtherCaptions = others };

        public byte[] Read(int index) => throw new InvalidOperationException("Captions need no pixels.");
    }
}
