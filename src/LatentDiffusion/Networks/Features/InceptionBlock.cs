using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>A mixed block of InceptionV3: several branches read the same map, their results lie side by side.</summary>
/// <remarks>Names are torchvision's, as are the letters of the kinds.</remarks>
internal sealed class InceptionBlock : ExplicitModule<Tensor, Tensor>
{
    private readonly InceptionBranch[] _branches;

    private InceptionBlock(params InceptionBranch[] branches)
        : base(nameof(InceptionBlock))
    {
        _branches = branches;
        Channels = branches.Sum(branch => branch.Channels);
        foreach (var (key, part) in branches.SelectMany(branch => branch.Parts))
        {
            register_module(key, part);
        }
    }

    /// <summary>Channels of the result.</summary>
    public int Channels { get; }

    /// <summary>The kind at 35x35.</summary>
    public static InceptionBlock A(int input, int pooled) =>
        new(
            new InceptionBranch(input).Convolve("branch1x1", 64, 1),
            new InceptionBranch(input).Convolve("branch5x5_1", 48, 1).Convolve("branch5x5_2", 64, 5),
            new InceptionBranch(input)
                .Convolve("branch3x3dbl_1", 64, 1)
                .Convolve("branch3x3dbl_2", 96, 3)
                .Convolve("branch3x3dbl_3", 96, 3),
            new InceptionBranch(input).AveragePool().Convolve("branch_pool", pooled, 1)
        );

    /// <summary>From 35x35 to 17x17.</summary>
    public static InceptionBlock B(int input) =>
        new(
            new InceptionBranch(input).Convolve("branch3x3", 384, 3, stride: 2),
            new InceptionBranch(input)
                .Convolve("branch3x3dbl_1", 64, 1)
                .Convolve("branch3x3dbl_2", 96, 3)
                .Convolve("branch3x3dbl_3", 96, 3, stride: 2),
            new InceptionBranch(input).MaxPool(stride: 2)
        );

    /// <summary>The kind at 17x17.</summary>
    public static InceptionBlock C(int input, int width) =>
        new(
            new InceptionBranch(input).Convolve("branch1x1", 192, 1),
            new InceptionBranch(input)
                .Convolve("branch7x7_1", width, 1)
                .Oblong("branch7x7_2", width, 1, 7)
                .Oblong("branch7x7_3", 192, 7, 1),
            new InceptionBranch(input)
                .Convolve("branch7x7dbl_1", width, 1)
                .Oblong("branch7x7dbl_2", width, 7, 1)
                .Oblong("branch7x7dbl_3", width, 1, 7)
                .Oblong("branch7x7dbl_4", width, 7, 1)
                .Oblong("branch7x7dbl_5", 192, 1, 7),
            new InceptionBranch(input).AveragePool().Convolve("branch_pool", 192, 1)
        );

    /// <summary>From 17x17 to 8x8.</summary>
    public static InceptionBlock D(int input) =>
        new(
            new InceptionBranch(input).Convolve("branch3x3_1", 192, 1).Convolve("branch3x3_2", 320, 3, stride: 2),
            new InceptionBranch(input)
                .Convolve("branch7x7x3_1", 192, 1)
                .Oblong("branch7x7x3_2", 192, 1, 7)
                .Oblong("branch7x7x3_3", 192, 7, 1)
                .Convolve("branch7x7x3_4", 192, 3, stride: 2),
            new InceptionBranch(input).MaxPool(stride: 2)
        );

    /// <summary>The kind at 8x8.</summary>
    /// <param name="input">Channels that come in.</param>
    /// <param name="poolsMaxima">Whether the branch that pools takes maxima, as the original's last block does.</param>
    public static InceptionBlock E(int input, bool poolsMaxima)
    {
        var pool = new InceptionBranch(input);
        return new InceptionBlock(
            new InceptionBranch(input).Convolve("branch1x1", 320, 1),
            new InceptionBranch(input).Convolve("branch3x3_1", 384, 1).Fork("branch3x3_2a", "branch3x3_2b", 384),
            new InceptionBranch(input)
                .Convolve("branch3x3dbl_1", 448, 1)
                .Convolve("branch3x3dbl_2", 384, 3)
                .Fork("branch3x3dbl_3a", "branch3x3dbl_3b", 384),
            (poolsMaxima ? pool.MaxPool(stride: 1) : pool.AveragePool()).Convolve("branch_pool", 192, 1)
        );
    }

    /// <param name="input">[B, C, H, W].</param>
    /// <returns>[B, <see cref="Channels"/>, H', W'].</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return cat([.. _branches.Select(branch => branch.Apply(input))], 1).MoveToOuterDisposeScope();
    }
}
