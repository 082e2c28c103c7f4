using CsCheck;
using LatentDiffusion.Networks.Autoencoders;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class CodebookUsageTests
{
    [Fact]
    public void Choices_are_counted_over_batches() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[0, 1000])
            .Sample(
                (codes, seed) =>
                {
                    var random = new Random(seed);
                    long[][] batches = [.. Enumerable.Range(0, 3).Select(_ => Draw(random, codes))];
                    var usage = new CodebookUsage(codes);

                    foreach (var batch in batches)
                    {
                        Add(usage, batch);
                    }

                    var all = batches.SelectMany(b => b).ToList();
                    Assert.Equal(Enumerable.Range(0, codes).Select(c => all.LongCount(i => i == c)), usage.Counts);
                    Assert.Equal(all.Distinct().Count() / (double)codes, usage.UsedFraction, 1e-12);
                    Assert.Equal(Enumerable.Range(0, codes).Select(c => !all.Contains(c)), usage.DeadCodes());
                },
                iter: 20,
                threads: 1
            );

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Perplexity_of_equally_used_codes_is_their_number(int codes)
    {
        var usage = new CodebookUsage(codes * 2);
        long[] indices = [.. Enumerable.Range(0, codes).Select(c => (long)c)];

        Add(usage, indices);
        Add(usage, indices);

        Assert.Equal(codes, usage.Perplexity, 1e-9 * codes);
        Assert.Equal(0.5, usage.UsedFraction);
    }

    [Fact]
    public void Perplexity_falls_with_unequal_use()
    {
        var usage = new CodebookUsage(2);
        Add(usage, [0, 0, 0, 1]);

        // Entropy of (3/4, 1/4): 2 ln 2 - 3/4 ln 3.
        Assert.Equal(4 / Math.Pow(3, 0.75), usage.Perplexity, 1e-12);
    }

    [Fact]
    public void Nothing_counted_is_no_use()
    {
        var usage = new CodebookUsage(3);
        Add(usage, [0, 2]);
        Add(usage, []);
        Assert.Equal([1L, 0L, 1L], usage.Counts);

        usage.Clear();

        Assert.Equal([0L, 0L, 0L], usage.Counts);
        Assert.Equal((0.0, 0.0), (usage.UsedFraction, usage.Perplexity));
        Assert.Equal([true, true, true], usage.DeadCodes());
    }

    [Fact]
    public void Restored_counts_go_on_as_if_never_interrupted()
    {
        var whole = new CodebookUsage(4);
        Add(whole, [0, 1, 1]);
        var resumed = new CodebookUsage(4);
        Add(resumed, [3]);
        resumed.Restore([.. whole.Counts]);

        Add(whole, [2, 1]);
        Add(resumed, [2, 1]);

        Assert.Equal([1L, 3L, 1L, 0L], resumed.Counts);
        Assert.Equal(whole.Counts, resumed.Counts);
        Assert.Equal(whole.Perplexity, resumed.Perplexity);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-1)]
    public void An_index_beyond_the_codebook_is_refused_and_nothing_counted(long index)
    {
        var usage = new CodebookUsage(4);

        Assert.Throws<ArgumentException>(() => Add(usage, [0, index]));

        Assert.Equal([0L, 0L, 0L, 0L], usage.Counts);
    }

    [Fact]
    public void Counts_of_another_codebook_are_refused()
    {
        var usage = new CodebookUsage(2);

        Assert.Throws<ArgumentException>(() => usage.Restore([1, 2, 3]));
        Assert.Throws<ArgumentException>(() => usage.Restore([1, -2]));
    }

    private static long[] Draw(Random random, int codes) =>
        [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (long)random.Next(codes))];

    private static void Add(CodebookUsage usage, long[] indices)
    {
        using var tensor = torch.tensor(indices);
        usage.Add(tensor);
    }
}
