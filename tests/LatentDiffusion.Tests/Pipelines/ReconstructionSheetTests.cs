using CsCheck;
using LatentDiffusion.Imaging;
using LatentDiffusion.Pipelines;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class ReconstructionSheetTests
{
    [Fact]
    public void Input_reconstruction_and_difference_stand_side_by_side_below_their_names()
    {
        var sheet = Draw(new Rgb(200, 100, 50), new Rgb(190, 100, 255));

        // Three cells of 128 pixels (64 twice as large), gaps of 4, one line of captions.
        Assert.Equal((3 * 132 + 4, 24 + 132), (sheet.Width, sheet.Height));
        Assert.Equal(new Rgb(200, 100, 50), sheet[4, 24]);
        Assert.Equal(new Rgb(190, 100, 255), sheet[136, 24]);
        Assert.Equal(new Rgb(127 + 4 * 10, 127, 0), sheet[268, 24]);
        Assert.True(HasInk(sheet, 4) && HasInk(sheet, 136) && HasInk(sheet, 268));
    }

    [Theory]
    [InlineData(16, 4)]
    [InlineData(64, 3)]
    [InlineData(256, 1)]
    public void Small_images_stand_in_several_groups_beside_each_other(int size, int groups)
    {
        var image = RgbImage.Filled(size, size, Rgb.Black);
        var sheet = ReconstructionSheet.Draw([.. Enumerable.Repeat(new ReconstructionPair("x", image, image), 9)]);
        var cell = Math.Max(size, (96 + size - 1) / size * size) + 4;

        Assert.Equal(3 * groups * cell + 4, sheet.Width);
    }

    [Fact]
    public void Evenly_spaced_indices_are_different_ascending_and_reach_into_the_last_part() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[1, 200])
            .Sample(
                (total, wanted) =>
                {
                    var indices = EvenlySpaced.Indices(total, wanted);
                    Assert.Equal(Math.Min(total, wanted), indices.Count);
                    Assert.Equal(indices.Distinct().Order(), indices);
                    Assert.Equal(0, indices[0]);
                    Assert.InRange(indices[^1], total - 1 - total / indices.Count, total - 1);
                }
            );

    private static RgbImage Draw(Rgb input, Rgb output) =>
        ReconstructionSheet.Draw([
            new ReconstructionPair("x", RgbImage.Filled(64, 64, input), RgbImage.Filled(64, 64, output)),
        ]);

    private static bool HasInk(RgbImage sheet, int left) =>
        Enumerable.Range(left, 128).Any(x => Enumerable.Range(4, 18).Any(y => sheet[x, y].R < 128));
}
