using CsCheck;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class CodebookRemapTests
{
    private const int Codes = 6;

    // Codes 4, 1 and 5 of six are used, in this order.
    private static readonly int[] Used = [4, 1, 5];

    [Fact]
    public void Used_codes_return_from_remapping_unchanged() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 19], Gen.Int[0, 1000])
            .Sample(
                (codes, unused, seed) =>
                {
                    using var scope = torch.NewDisposeScope();
                    var order = new Random(seed);
                    int[] shuffled = [.. Enumerable.Range(0, codes).OrderBy(_ => order.Next())];
                    var used = shuffled[..Math.Max(1, codes - unused)];
                    using var quantizer = new VectorQuantizer(codes, 2, remap: new CodebookRemap(used));
                    var indices = torch.tensor(used, torch.int64);

                    var remapped = quantizer.RemapToUsed(indices);

                    Assert.Equal(Enumerable.Range(0, used.Length).Select(i => (long)i), Integers(remapped));
                    TensorAssert.Equal(quantizer.UnmapToAll(remapped), indices);
                },
                iter: 20,
                threads: 1
            );

    [Fact]
    public void Unknown_codes_get_the_extra_index_and_come_back_as_the_first_used_code()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(UnknownIndex.Extra);

        var remapped = quantizer.RemapToUsed(AllCodes());

        Assert.Equal([2, 3], remapped.shape);
        Assert.Equal([3, 1, 3, 3, 0, 2], Integers(remapped));
        Assert.Equal(4, quantizer.Remap!.Count);
        Assert.Equal([4, 1, 4, 4, 4, 5], Integers(quantizer.UnmapToAll(remapped)));
    }

    [Fact]
    public void Unknown_codes_get_the_fixed_index()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(UnknownIndex.Fixed(2));

        var remapped = quantizer.RemapToUsed(AllCodes());

        Assert.Equal([2, 1, 2, 2, 0, 2], Integers(remapped));
        Assert.Equal(3, quantizer.Remap!.Count);
    }

    [Fact]
    public void Unknown_codes_draw_an_index_each_in_order()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(UnknownIndex.Random);
        using var generator = new torch.Generator(7);
        using var same = new torch.Generator(7);
        var draws = Integers(torch.randint(3, [3], torch.int64, generator: same));

        var remapped = quantizer.RemapToUsed(AllCodes(), generator);

        Assert.Equal([draws[0], 1, draws[1], draws[2], 0, 2], Integers(remapped));
    }

    [Fact]
    public void Unknown_codes_draw_from_all_used_ones()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(UnknownIndex.Random);
        using var generator = new torch.Generator(1);

        var remapped = quantizer.RemapToUsed(torch.zeros(200, torch.int64), generator);

        Assert.Equal([0L, 1L, 2L], Integers(remapped).Distinct().Order());
    }

    [Fact]
    public void Without_a_list_indices_stay_as_they_are()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = new VectorQuantizer(Codes, 2);

        TensorAssert.Equal(quantizer.RemapToUsed(AllCodes()), AllCodes());
        TensorAssert.Equal(quantizer.UnmapToAll(AllCodes()), AllCodes());
        Assert.DoesNotContain("used", quantizer.state_dict().Keys);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Entries_of_predicted_indices_are_the_quantised_latents(bool remap)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var quantizer = FormulaWeights.Fill(
            new VectorQuantizer(Codes, 3, remap: remap ? new CodebookRemap([5, 2, 0, 1, 4, 3]) : null)
        );
        var latents = FormulaInput.X([2, 3, 4, 5], 1.7);
        var quantized = quantizer.Quantize(latents);
        using var maps = quantized.IndexMaps();

        var entries = quantizer.GetCodebookEntry(quantizer.RemapToUsed(maps), 2, 4, 5, 3);

        Assert.Equal([2, 4, 5], maps.shape);
        TensorAssert.Close(entries, quantized.Quantized, 1e-6);
        TensorAssert.Equal(entries, quantizer.GetCodebookEntry(quantizer.RemapToUsed(quantized.Indices), 2, 4, 5, 3));
        TensorAssert.Equal(entries, quantizer.Lookup(quantized.Indices, 2, 4, 5));
    }

    [Fact]
    public void Entries_are_named_by_their_place_among_the_used_codes()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var quantizer = Create(UnknownIndex.Extra);
        var codebook = quantizer.parameters().Single();

        var entries = quantizer.GetCodebookEntry(torch.tensor([0L, 2L, 3L]), 1, 1, 3, 2);

        TensorAssert.Equal(entries, codebook.index_select(0, torch.tensor([4L, 5L, 4L])).t().reshape(1, 2, 1, 3));
    }

    [Theory]
    [InlineData(new long[] { 1, 1, 3, 3 })]
    [InlineData(new long[] { 1, 2, 3, 2 })]
    [InlineData(new long[] { 3, 2 })]
    public void Entries_of_another_shape_are_refused(long[] shape)
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(UnknownIndex.Extra);
        var indices = torch.zeros(3, torch.int64);

        Assert.Throws<ArgumentException>(() => quantizer.GetCodebookEntry(indices, shape));
    }

    [Fact]
    public void A_list_changes_neither_latents_nor_chosen_codes()
    {
        using var scope = torch.NewDisposeScope();
        using var plain = FormulaWeights.Fill(new VectorQuantizer(Codes, 2));
        using var remapped = FormulaWeights.Fill(new VectorQuantizer(Codes, 2, remap: new CodebookRemap(Used)));
        var latents = FormulaInput.X([2, 2, 4, 4]);

        TensorAssert.Equal(remapped.Quantize(latents).Indices, plain.Quantize(latents).Indices);
        TensorAssert.Equal(remapped.Quantize(latents).Quantized, plain.Quantize(latents).Quantized);
    }

    [Fact]
    public void The_state_dict_keeps_the_list_and_remapping_follows_it()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(UnknownIndex.Extra);
        quantizer.to(torch.float64);
        var used = quantizer.state_dict()["used"];
        Assert.Equal([4, 1, 5], Integers(used));

        used.copy_(torch.tensor([0L, 2L, 3L]));

        Assert.Equal([0, 3, 1, 2, 3, 3], Integers(quantizer.RemapToUsed(AllCodes())));
    }

    [Theory]
    [InlineData(new int[0], "no code")]
    [InlineData(new[] { 1, 2, 1 }, "code 1, more than once")]
    [InlineData(new[] { 1, -2 }, "code -2, which is negative")]
    [InlineData(new[] { 1, 6 }, "code 6, but the codebook has 6 codes, 0 to 5")]
    public void A_list_that_fits_no_codebook_is_refused(int[] used, string problem)
    {
        var error = Assert.Throws<UserInputException>(() =>
            new VectorQuantizer(Codes, 2, remap: new CodebookRemap(used))
        );

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void A_fixed_index_beyond_the_list_is_refused(int index) =>
        Assert.Throws<UserInputException>(() => new CodebookRemap(Used, UnknownIndex.Fixed(index)));

    private static VectorQuantizer Create(UnknownIndex unknown) =>
        new(Codes, dimension: 2, remap: new CodebookRemap(Used, unknown));

    private static torch.Tensor AllCodes() => torch.arange(Codes, torch.int64).reshape(2, 3);

    private static long[] Integers(torch.Tensor tensor) => tensor.data<long>().ToArray();
}
