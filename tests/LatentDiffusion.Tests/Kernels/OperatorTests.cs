using CsCheck;
using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Kernels;

/// <summary>
/// Every kernel against libtorch in float64, over random shapes: results, gradients, and independence of the number of
/// threads.
/// </summary>
[Collection(nameof(ProcessWideState))]
public sealed class OperatorTests
{
    private const int Samples = 25;

    public static TheoryData<KernelKind> Kinds => KernelKinds.Supported;

    private static Gen<int> Channels => Gen.Int[1, 5].Select(n => 16 * n);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_3x3_convolution_equals_libtorchs(KernelKind kind) =>
        Gen.Select(Gen.Int[1, 4], Channels, Channels, Gen.Int[1, 23], Gen.Int[1, 23], Gen.Bool)
            .Sample(
                (batch, input, output, height, width, residual) =>
                    Check(
                        kind,
                        [
                            Normal(1, batch, input, height, width),
                            Normal(2, output, input, 3, 3).mul(1 / Math.Sqrt(9 * input)),
                            Normal(3, output),
                            .. residual ? new[] { Normal(4, batch, output, height, width) } : [],
                        ],
                        t => ConvolutionOperator.Apply(KernelSet.Current!, t[0], t[1], t[2], t.ElementAtOrDefault(3)),
                        t =>
                        {
                            var y = nn.functional.conv2d(t[0], t[1], t[2], padding: [1, 1]);
                            return residual ? y.add(t[3]) : y;
                        },
                        5e-5
                    ),
                iter: Samples,
                threads: 1
            );

    // Beyond one group of tiles, and with filters too large to be shared among groups.
    [Theory]
    [InlineData(2, 32, 48, 67, 61)]
    [InlineData(1, 352, 352, 50, 50)]
    [InlineData(40, 16, 16, 9, 9)]
    public void Large_convolutions_equal_libtorchs(int batch, int input, int output, int height, int width)
    {
        foreach (var kind in Kinds.Select(k => k.Data))
        {
            Check(
                kind,
                [
                    Normal(1, batch, input, height, width),
                    Normal(2, output, input, 3, 3).mul(1 / Math.Sqrt(9 * input)),
                    Normal(3, output),
                ],
                t => ConvolutionOperator.Apply(KernelSet.Current!, t[0], t[1], t[2], null),
                t => nn.functional.conv2d(t[0], t[1], t[2], padding: [1, 1]),
                5e-5
            );
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_linear_layer_equals_libtorchs(KernelKind kind) =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 300], Gen.Int[1, 300], Gen.Bool)
            .Sample(
                (tokens, input, output, bias) =>
                    Check(
                        kind,
                        [
                            Normal(1, 2, tokens, input),
                            Normal(2, output, input).mul(1 / Math.Sqrt(input)),
                            .. bias ? new[] { Normal(3, output) } : [],
                        ],
                        t => LinearOperator.Apply(KernelSet.Current!, t[0], t[1], t.ElementAtOrDefault(2)),
                        t => nn.functional.linear(t[0], t[1], t.ElementAtOrDefault(2)),
                        1e-5
                    ),
                iter: Samples,
                threads: 1
            );

    [Theory]
    [InlineData(5000, 40, 24)]
    [InlineData(3000, 700, 300)]
    [InlineData(7, 5, 3)]
    public void Deep_and_wide_products_equal_libtorchs(int tokens, int input, int output)
    {
        foreach (var kind in Kinds.Select(k => k.Data))
        {
            Check(
                kind,
                [Normal(1, tokens, input), Normal(2, output, input).mul(1 / Math.Sqrt(input)), Normal(3, output)],
                t => LinearOperator.Apply(KernelSet.Current!, t[0], t[1], t[2]),
                t => nn.functional.linear(t[0], t[1], t[2]),
                1e-5
            );
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_group_norm_equals_libtorchs(KernelKind kind) =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Bool, Gen.Double[-30, 30])
            .Sample(
                (batch, groupSize, height, width, silu, mean) =>
                    Check(
                        kind,
                        [
                            Normal(1, batch, 32 * groupSize, height, width).add(mean),
                            Normal(2, 32 * groupSize),
                            Normal(3, 32 * groupSize),
                        ],
                        t => GroupNormOperator.Apply(KernelSet.Current!, t[0], t[1], t[2], 32, 1e-2, silu),
                        t =>
                        {
                            var y = nn.functional.group_norm(t[0], 32, t[1], t[2], 1e-2);
                            return silu ? nn.functional.silu(y) : y;
                        },
                        // float32 inputs far from zero have fewer digits left for what the norm amplifies.
                        5e-5
                    ),
                iter: Samples,
                threads: 1
            );

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Attention_equals_libtorchs(KernelKind kind) =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[1, 130], Gen.Int[1, 130], Gen.Int[1, 70], Gen.Double[0.1, 30])
            .Sample(
                (batch, heads, queries, keys, depth, scale) =>
                {
                    using var scope = NewDisposeScope();
                    using var noGradient = no_grad();
                    Check(
                        kind,
                        [
                            Normal(1, batch, queries, heads, depth).transpose(1, 2).mul(scale),
                            Normal(2, batch, keys, heads, depth).transpose(1, 2),
                            Normal(3, batch, heads, keys, depth),
                        ],
                        t => AttentionOperator.Apply(KernelSet.Current!, t[0], t[1], t[2]),
                        t => nn.functional.scaled_dot_product_attention(t[0], t[1], t[2]),
                        5e-5,
                        hasGradient: false
                    );
                },
                iter: Samples,
                threads: 1
            );

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_gated_gelu_equals_libtorchs(KernelKind kind) =>
        Gen.Select(Gen.Int[1, 200], Channels, Gen.Double[0.1, 20])
            .Sample(
                (tokens, channels, scale) =>
                {
                    using var scope = NewDisposeScope();
                    using var noGradient = no_grad();
                    Check(
                        kind,
                        [Normal(1, 2, tokens, 2 * channels).mul(scale)],
                        t => GatedGeluOperator.Apply(KernelSet.Current!, t[0]),
                        t =>
                        {
                            var halves = t[0].chunk(2, dim: -1);
                            return halves[0].mul(nn.functional.gelu(halves[1]));
                        },
                        1e-6,
                        hasGradient: false
                    );
                },
                iter: Samples,
                threads: 1
            );

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Not_a_number_stays_visible(KernelKind kind)
    {
        using var scope = NewDisposeScope();
        using var choice = KernelChoice.Use(kind);
        var x = Normal(1, 1, 32, 4, 4);
        x[0, 3, 2, 2] = float.NaN;
        var norm = GroupNormOperator.Apply(KernelSet.Current!, x, ones(32), zeros(32), 32, 1e-6, silu: true);
        var convolved = ConvolutionOperator.Apply(KernelSet.Current!, x, Normal(2, 32, 32, 3, 3), null, null);

        Assert.True(norm[0, 3].isnan().any().item<bool>());
        Assert.True(convolved.isnan().any().item<bool>());
    }

    private static Tensor Normal(ulong seed, params long[] shape)
    {
        using var generator = new Generator(seed, CPU);
        return randn(shape, generator: generator);
    }

    /// <summary>Compares results and the gradients of all inputs, then repeats with one thread, bit for bit.</summary>
    private static void Check(
        KernelKind kind,
        Tensor[] inputs,
        Func<Tensor[], Tensor> kernel,
        Func<Tensor[], Tensor> reference,
        double tolerance,
        bool hasGradient = true
    )
    {
        using var scope = NewDisposeScope();
        using var choice = KernelChoice.Use(kind);
        var expected = Evaluate([.. inputs.Select(i => i.to(float64))], reference, hasGradient);
        var actual = KernelKinds.WithThreads(3, () => Evaluate(inputs, kernel, hasGradient));
        var alone = KernelKinds.WithThreads(1, () => Evaluate(inputs, kernel, hasGradient));
        for (var i = 0; i < expected.Length; i++)
        {
            TensorAssert.Close(actual[i], expected[i], tolerance);
            TensorAssert.Equal(alone[i], actual[i]);
        }
    }

    private static Tensor[] Evaluate(Tensor[] inputs, Func<Tensor[], Tensor> function, bool hasGradient)
    {
        var leaves = inputs.Select(i => i.detach().clone().requires_grad_(hasGradient)).ToArray();
        var result = function(leaves);
        if (!hasGradient)
        {
            return [result];
        }

        result.backward([Normal(9, result.shape).to(result.dtype)]);
        return [result.detach(), .. leaves.Select(l => l.grad!)];
    }
}
