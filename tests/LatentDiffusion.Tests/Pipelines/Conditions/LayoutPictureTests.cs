using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines.Conditions;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines.Conditions;

public sealed class LayoutPictureTests
{
    private static readonly string[] Labels = ["fish", "bird"];
    private static readonly RelativeBox Box = new(0.25, 0.25, 0.5, 0.5);

    [Fact]
    public void Frames_stand_on_the_boxes_in_the_colours_of_their_classes()
    {
        var picture = Draw(new LayoutObject("bird", Box));

        var colour = LabelSet.Numbered(3).Colours[2];
        for (var i = 16; i <= 48; i++)
        {
            Assert.All([picture[i, 16], picture[i, 48], picture[16, i], picture[48, i]], c => Assert.Equal(colour, c));
        }

        Assert.Equal(Rgb.White, picture[8, 8]);
        Assert.Equal(Rgb.White, picture[40, 40]);
    }

    [Fact]
    public void Boxes_that_touch_the_sides_are_drawn_within_the_picture()
    {
        var picture = Draw(new LayoutObject("fish", RelativeBox.Whole));

        Assert.NotEqual(Rgb.White, picture[63, 63]);
        Assert.NotEqual(Rgb.White, picture[0, 63]);
    }

    [Fact]
    public void Labels_are_written_into_their_boxes()
    {
        // Labels that the model does not have share a colour: only what is written differs.
        var (one, other) = (Draw(new LayoutObject("a", Box)), Draw(new LayoutObject("b", Box)));

        var different = Enumerable.Range(0, 64 * 64).Where(i => one[i % 64, i / 64] != other[i % 64, i / 64]).ToList();
        Assert.NotEmpty(different);
        Assert.All(different, i => Assert.True(i % 64 is > 16 and < 30 && i / 64 is > 16 and < 30, $"pixel {i}"));
    }

    private static RgbImage Draw(LayoutObject item) => LayoutPicture.Draw(new ShownLayout([item]), Labels, 64);
}
