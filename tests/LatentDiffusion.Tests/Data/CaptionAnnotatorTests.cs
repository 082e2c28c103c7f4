using LatentDiffusion.Data;
using LatentDiffusion.Data.Annotations;
using Xunit;

namespace LatentDiffusion.Tests.Data;

public sealed class CaptionAnnotatorTests
{
    [Fact]
    public void Every_caption_is_drawn_as_often_and_again_from_the_same_seed()
    {
        var annotator = new CaptionAnnotator(new Captions("one", ["two", "three"]));

        var drawn = Enumerable.Range(0, 600).Select(seed => Draw(annotator, seed)).ToList();

        Assert.Equal(["one", "three", "two"], drawn.Distinct().Order(StringComparer.Ordinal));
        Assert.All(drawn.GroupBy(caption => caption), group => Assert.InRange(group.Count(), 150, 250));
        Assert.Equal(drawn, Enumerable.Range(0, 600).Select(seed => Draw(annotator, seed)));
    }

    [Fact]
    public void Where_there_is_but_one_text_it_is_taken_and_where_there_is_none_nothing()
    {
        Assert.Equal("one", Draw(new CaptionAnnotator(new Captions("one", [])), 0));
        Assert.Equal("two", Draw(new CaptionAnnotator(new Captions(null, ["two"])), 0));
        Assert.Null(Draw(new CaptionAnnotator(new Captions(null, [])), 0));
    }

    private static string? Draw(CaptionAnnotator annotator, long seed) =>
        annotator
            .Annotate(ImageAnnotations.None, new TransformedImage(0, seed, new ImageTransform(4), () => []))
            .Caption;

    private sealed class Captions(string? caption, string[] others) : IImageSource
    {
        public int Count => 1;

        public IReadOnlyList<string> ClassNames => [];

        public ImageRecord Describe(int index) => new("image", null, null, caption) { OtherCaptions = others };

        public byte[] Read(int index) => [];
    }
}
