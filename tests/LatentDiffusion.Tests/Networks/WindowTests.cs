using LatentDiffusion.Networks.Autoencoders.Rows;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class WindowTests
{
    [Theory]
    [InlineData(5, 8, 2)]
    [InlineData(8, 8, 2)]
    [InlineData(9, 8, 2)]
    [InlineData(64, 8, 4)]
    [InlineData(61, 8, 0)]
    [InlineData(100, 1, 0)]
    [InlineData(67, 33, 16)]
    public void Shares_add_up_to_one_everywhere(long length, long size, long overlap)
    {
        var sums = new double[length];
        foreach (var window in Window.Cover(length, size, overlap))
        {
            Assert.True(window.Length <= size);
            for (var p = 0; p < window.Length; p++)
            {
                Assert.True(window.Weights[p] > 0);
                sums[window.Start + p] += window.Weights[p];
            }
        }

        Assert.All(sums, sum => Assert.Equal(1, sum, 1e-6));
    }

    [Fact]
    public void Neighbours_share_the_overlap_and_no_window_is_too_many()
    {
        var windows = Window.Cover(length: 20, window: 8, overlap: 2);

        Assert.Equal([0, 6, 12], windows.Select(w => w.Start));
    }

    [Fact]
    public void Windows_fade_into_each_other()
    {
        var windows = Window.Cover(length: 13, window: 8, overlap: 3);

        Assert.Equal(2, windows.Count);
        Assert.Equal([1f, 1, 1, 1, 1, 0.75f, 0.5f, 0.25f], windows[0].Weights);
        Assert.Equal([0.25f, 0.5f, 0.75f, 1, 1, 1, 1, 1], windows[1].Weights);
    }
}
