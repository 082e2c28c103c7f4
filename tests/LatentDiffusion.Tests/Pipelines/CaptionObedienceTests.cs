using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Obedience;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class CaptionObedienceTests
{
    private const int Count = 40;

    // Red pictures and blue ones, every one of its own brightness.
    private static readonly RgbImage[] Real = [.. Enumerable.Range(0, Count).Select(Draw)];
    private static readonly string[] Classes = [.. Enumerable.Range(0, Count).Select(i => i % 4 == 0 ? "red" : "blue")];

    [Fact]
    public void Samples_that_equal_what_their_captions_mean_are_always_right()
    {
        var obedience = Judge(Real, Classes);

        Assert.Equal((Count, Count, 0.2), (obedience.Captions.Right, obedience.Captions.Of, obedience.Captions.Chance));
        Assert.Equal(1, obedience.Classes!.Share);
        Assert.Equal(0, obedience.Classes.StandardError);
        Assert.Equal(1, obedience.ClassesOfReal!.Share);
        // One quarter is red: two captions at random agree with 1/16 + 9/16.
        Assert.Equal(0.625, obedience.Classes.Chance, 12);
    }

    [Fact]
    public void Samples_that_ignore_their_captions_are_right_by_chance()
    {
        var all = Enumerable
            .Range(0, 20)
            .Select(seed =>
            {
                var samples = Real.ToArray();
                new Random(seed).Shuffle(samples);
                return Judge(samples, Classes, seed);
            })
            .ToList();

        var (captions, classes) = (all.Average(o => o.Captions.Share), all.Average(o => o.Classes!.Share));
        Assert.Equal(0.2, captions, 0.05);
        Assert.Equal(0.625, classes, 0.08);
    }

    [Fact]
    public void The_class_alone_is_told_where_the_rest_is_wrong()
    {
        // Every sample has the colour of its caption, and the brightness of the next of that colour.
        var next = Enumerable.Range(0, Count).Select(i => Real[(i + 4) % Count]).ToArray();

        var obedience = Judge(next, Classes);

        Assert.Equal(1, obedience.Classes!.Share);
        Assert.True(obedience.Captions.Share < 1);
    }

    [Fact]
    public void Without_classes_captions_are_told_from_all_and_too_few_are_refused()
    {
        Assert.Null(Judge(Real, null).Classes);
        Assert.Contains(
            "There are 10 captions of 'red', fewer than 11 candidates",
            Assert.Throws<UserInputException>(() => Judge(Real, Classes, candidates: 11)).Message,
            StringComparison.Ordinal
        );
    }

    private static CaptionObedience Judge(
        IEnumerable<RgbImage> samples,
        IReadOnlyList<string>? classes,
        long seed = 0,
        int candidates = 5
    ) => CaptionObedience.Of(Embed(samples), Embed(Real), classes, candidates, seed);

    private static ImageFeatures Embed(IEnumerable<RgbImage> images)
    {
        var features = new ImageFeatures(new ColourFeatures());
        features.Add(images);
        return features;
    }

    private static RgbImage Draw(int number)
    {
        var level = (byte)(155 + 2 * number);
        return RgbImage.Filled(4, 4, number % 4 == 0 ? new Rgb(level, 0, 0) : new Rgb(0, 0, level));
    }
}
