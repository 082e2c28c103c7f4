using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class CodebookResetTests
{
    private static readonly bool[] SomeDead = [false, true, false, true, true, false];

    [Fact]
    public void Only_dead_codes_move_and_they_become_latents()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(SomeDead.Length);
        var latents = FormulaInput.X([2, 3, 4, 4], 0.7);
        var before = Rows(Codebook(quantizer));

        var moved = Reset(quantizer, SomeDead, latents, seed: 3);

        var after = Rows(Codebook(quantizer));
        var vectors = Rows(latents.permute(0, 2, 3, 1).reshape(-1, 3));
        Assert.Equal(3, moved);
        foreach (var (code, dead) in SomeDead.Index())
        {
            Assert.Equal(dead, !before[code].SequenceEqual(after[code]));
            Assert.Equal(dead, vectors.Any(vector => vector.SequenceEqual(after[code])));
        }
    }

    [Fact]
    public void A_moved_code_is_used_at_once()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(codes: 16);
        var latents = FormulaInput.X([2, 3, 4, 4], 0.7);
        var usage = new CodebookUsage(16);
        usage.Add(quantizer.Quantize(latents).Indices);
        Assert.InRange(usage.UsedFraction, 0.1, 0.9);

        Reset(quantizer, usage.DeadCodes(), latents, seed: 3);

        var dead = usage.DeadCodes();
        usage.Clear();
        usage.Add(quantizer.Quantize(latents).Indices);
        Assert.All(dead.Index().Where(d => d.Item), d => Assert.True(usage.Counts[d.Index] > 0));
    }

    [Fact]
    public void All_codes_dead_start_the_codebook_from_data()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(codes: 12);
        var latents = FormulaInput.X([1, 3, 3, 4], 0.7);

        Reset(quantizer, [.. Enumerable.Repeat(true, 12)], latents, seed: 3);

        // As many codes as vectors: every vector is a code, and none is twice.
        Assert.Equal(0, quantizer.Quantize(latents).Loss.item<float>());
        Assert.Equal(12, quantizer.Quantize(latents).Indices.data<long>().ToArray().Distinct().Count());
    }

    [Fact]
    public void With_fewer_vectors_than_codes_each_is_taken_equally_often()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(codes: 6);

        Reset(quantizer, [.. Enumerable.Repeat(true, 6)], FormulaInput.X([1, 3, 1, 2], 0.7), seed: 3);

        var copies = Rows(Codebook(quantizer)).GroupBy(row => string.Join(' ', row)).Select(group => group.Count());
        Assert.Equal([3, 3], copies);
    }

    [Fact]
    public void The_generator_decides_which_latents_are_taken()
    {
        Assert.Equal(Moved(seed: 1), Moved(seed: 1));
        Assert.NotEqual(Moved(seed: 1), Moved(seed: 2));

        static double[] Moved(long seed)
        {
            using var scope = torch.NewDisposeScope();
            using var quantizer = Create(SomeDead.Length);
            Reset(quantizer, SomeDead, FormulaInput.X([2, 3, 4, 4], 0.7), seed);
            return TensorAssert.Values(Codebook(quantizer));
        }
    }

    [Fact]
    public void Without_dead_codes_nothing_moves_and_nothing_is_drawn()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(codes: 2);
        using var generator = new torch.Generator(3);
        using var untouched = new torch.Generator(3);
        var before = TensorAssert.Values(Codebook(quantizer));

        Assert.Equal(0, quantizer.ResetDeadCodes([false, false], FormulaInput.X([1, 3, 2, 2]), generator));

        Assert.Equal(before, TensorAssert.Values(Codebook(quantizer)));
        TensorAssert.Equal(torch.rand(4, generator: generator), torch.rand(4, generator: untouched));
    }

    [Fact]
    public void Moving_codes_takes_no_part_in_gradients()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(SomeDead.Length);
        var latents = FormulaInput.X([2, 3, 4, 4], 0.7).requires_grad_();

        Reset(quantizer, SomeDead, latents, seed: 3);
        Assert.True(Codebook(quantizer).is_leaf);
        Assert.Null(latents.grad);

        quantizer.Quantize(latents).Loss.backward();
        Assert.NotNull(Codebook(quantizer).grad);
    }

    [Fact]
    public void Marks_or_latents_of_another_codebook_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        using var quantizer = Create(codes: 2);

        Assert.Throws<ArgumentException>(() => Reset(quantizer, [true], FormulaInput.X([1, 3, 2, 2]), seed: 0));
        Assert.Throws<ArgumentException>(() => Reset(quantizer, [true, true], FormulaInput.X([1, 4, 2, 2]), seed: 0));
        Assert.Throws<ArgumentException>(() => Reset(quantizer, [true, true], torch.zeros(0, 3, 2, 2), seed: 0));
    }

    private static int Reset(VectorQuantizer quantizer, bool[] dead, torch.Tensor latents, long seed)
    {
        using var generator = new torch.Generator((ulong)seed);
        return quantizer.ResetDeadCodes(dead, latents, generator);
    }

    private static VectorQuantizer Create(int codes) => FormulaWeights.Fill(new VectorQuantizer(codes, dimension: 3));

    private static Parameter Codebook(VectorQuantizer quantizer) => quantizer.parameters().Single();

    private static double[][] Rows(torch.Tensor matrix) => [.. TensorAssert.Values(matrix).Chunk((int)matrix.shape[1])];
}
