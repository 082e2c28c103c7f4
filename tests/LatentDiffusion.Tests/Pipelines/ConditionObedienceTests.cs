using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Obedience;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

[Collection(nameof(ProcessWideState))]
public sealed class ConditionObedienceTests
{
    private const int Size = 24;
    private const int Count = 20;

    private static readonly string[] Labels = ["red", "green"];
    private static readonly Rgb[] Colours = [new(200, 20, 20), new(20, 200, 20)];

    [Fact]
    public void Samples_that_show_their_maps_agree_with_them()
    {
        var obedience = MapObedience.Of(Draws(draw => draw.Original), 2, new ColourFeatures());

        Assert.Equal((1, 1), (obedience.Samples.PixelAccuracy, obedience.Samples.MeanIou));
        Assert.Equal((1, 1), (obedience.Real.PixelAccuracy, obedience.Real.MeanIou));
        Assert.Equal(Count / 2, obedience.Count);
        Assert.InRange(obedience.Chance, 0.5, 0.9);
    }

    [Fact]
    public void Samples_with_the_classes_exchanged_agree_nowhere()
    {
        var obedience = MapObedience.Of(Draws(draw => Painted(draw.Input.Map!, 1)), 2, new ColourFeatures());

        Assert.Equal((0, 0), (obedience.Samples.PixelAccuracy, obedience.Samples.MeanIou));
        Assert.Equal(1, obedience.Real.PixelAccuracy);
    }

    [Fact]
    public void A_sample_of_one_class_alone_is_right_where_that_class_is()
    {
        var draws = Draws(_ => RgbImage.Filled(Size, Size, Colours[0]));
        var red = draws.Where((_, i) => i % 2 == 1).Average(d => d.Input.Map!.Ids.Count(id => id == 0)) / (Size * Size);

        var obedience = MapObedience.Of(draws, 2, new ColourFeatures());

        Assert.Equal(red, obedience.Samples.PixelAccuracy, 12);
        // All red is right of what is said to be red; nothing is said to be green.
        Assert.Equal(red / 2, obedience.Samples.MeanIou, 12);
    }

    [Fact]
    public void Objects_in_their_boxes_are_found_there()
    {
        var obedience = BoxObedience.Of(Draws(draw => draw.Original), new ColourFeatures());

        Assert.Equal((1, 1), (obedience.Boxes.Share, obedience.BoxesOfReal.Share));
        Assert.Equal(2 * Count, obedience.Boxes.Of);
        Assert.Equal(0.5, obedience.Boxes.Chance, 12);
    }

    [Fact]
    public void Objects_in_each_others_boxes_are_not()
    {
        var obedience = BoxObedience.Of(Draws(draw => Painted(draw.Input.Map!, 1)), new ColourFeatures());

        Assert.Equal((0, 1), (obedience.Boxes.Share, obedience.BoxesOfReal.Share));
    }

    [Fact]
    public void One_image_is_too_few_for_either_judge()
    {
        var one = Draws(draw => draw.Original).Take(1).ToList();

        Assert.Throws<UserInputException>(() => MapObedience.Of(one, 2, new ColourFeatures()));
        Assert.Throws<UserInputException>(() => BoxObedience.Of(one, new ColourFeatures()));
    }

    [Fact]
    public void Judging_keeps_no_tensors()
    {
        var draws = Draws(draw => draw.Original);
        MapObedience.Of(draws, 2, new ColourFeatures());

        LiveTensors.Unchanged(() =>
        {
            MapObedience.Of(draws, 2, new ColourFeatures());
            BoxObedience.Of(draws, new ColourFeatures());
        });
    }

    // Red above and green below, the border between them at another height in every image.
    internal static List<ConditionalDraw> Draws(Func<ConditionalDraw, RgbImage> sample) =>
        [
            .. Enumerable
                .Range(0, Count)
                .Select(i =>
                {
                    var border = 8 + i % 8;
                    var map = new LabelMap(
                        Size,
                        Size,
                        [.. Enumerable.Range(0, Size * Size).Select(p => (byte)(p / Size < border ? 0 : 1))]
                    );
                    var share = (double)border / Size;
                    var input = new ConditionInput
                    {
                        Map = map,
                        Layout = new ShownLayout([
                            new LayoutObject(Labels[0], new RelativeBox(0, 0, 1, share)),
                            new LayoutObject(Labels[1], new RelativeBox(0, share, 1, 1 - share)),
                        ]),
                    };
                    var draw = new ConditionalDraw($"{i}", input, Painted(map, 0), Painted(map, 0));
                    return draw with { Sample = sample(draw) };
                }),
        ];

    private static RgbImage Painted(LabelMap map, int shift) => map.Paint([Colours[shift], Colours[1 - shift]]);
}
