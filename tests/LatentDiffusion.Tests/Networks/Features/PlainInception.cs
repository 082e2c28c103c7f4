using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Networks.Features;

/// <summary>
/// The network of FID once more, call by call after torchvision's InceptionV3 and pytorch-fid's changes to it: in
/// float64, with normalisation apart, and sharing nothing with the network under test.
/// </summary>
/// <param name="tensors">Under the published names.</param>
internal sealed class PlainInception(Dictionary<string, Tensor> tensors)
{
    private static readonly string[] KindA = ["Mixed_5b", "Mixed_5c", "Mixed_5d"];
    private static readonly string[] KindC = ["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"];

    /// <summary>The layers whose maps are told, in the network's order.</summary>
    public static IReadOnlyList<string> Layers { get; } =
    ["MaxPool_1", "MaxPool_2", .. KindA, "Mixed_6a", .. KindC, "Mixed_7a", "Mixed_7b", "Mixed_7c"];

    /// <summary>The maps after <see cref="Layers"/>.</summary>
    /// <param name="images">[B, 3, 299, 299], scaled to (v - 128) / 128.</param>
    public Dictionary<string, Tensor> Maps(Tensor images)
    {
        Dictionary<string, Tensor> maps = [];
        var map = Convolve("Conv2d_1a_3x3", images.to(float64), stride: 2);
        map = Convolve("Conv2d_2a_3x3", map);
        map = Convolve("Conv2d_2b_3x3", map, rows: 1, columns: 1);
        map = maps["MaxPool_1"] = HalfSize(map);
        map = Convolve("Conv2d_3b_1x1", map);
        map = Convolve("Conv2d_4a_3x3", map);
        map = maps["MaxPool_2"] = HalfSize(map);
        foreach (var block in KindA)
        {
            map = maps[block] = A(block, map);
        }

        map = maps["Mixed_6a"] = B("Mixed_6a", map);
        foreach (var block in KindC)
        {
            map = maps[block] = C(block, map);
        }

        map = maps["Mixed_7a"] = D("Mixed_7a", map);
        map = maps["Mixed_7b"] = E("Mixed_7b", map, Averages(map));
        maps["Mixed_7c"] = E("Mixed_7c", map, nn.functional.max_pool2d(map, [3, 3], strides: [1, 1], padding: [1, 1]));
        return maps;
    }

    private Tensor A(string block, Tensor map)
    {
        var single = Convolve($"{block}.branch1x1", map);
        var five = Convolve($"{block}.branch5x5_1", map);
        five = Convolve($"{block}.branch5x5_2", five, rows: 2, columns: 2);
        var three = Convolve($"{block}.branch3x3dbl_1", map);
        three = Convolve($"{block}.branch3x3dbl_2", three, rows: 1, columns: 1);
        three = Convolve($"{block}.branch3x3dbl_3", three, rows: 1, columns: 1);
        var pooled = Convolve($"{block}.branch_pool", Averages(map));
        return cat([single, five, three, pooled], 1);
    }

    private Tensor B(string block, Tensor map)
    {
        var three = Convolve($"{block}.branch3x3", map, stride: 2);
        var twice = Convolve($"{block}.branch3x3dbl_1", map);
        twice = Convolve($"{block}.branch3x3dbl_2", twice, rows: 1, columns: 1);
        twice = Convolve($"{block}.branch3x3dbl_3", twice, stride: 2);
        return cat([three, twice, HalfSize(map)], 1);
    }

    private Tensor C(string block, Tensor map)
    {
        var single = Convolve($"{block}.branch1x1", map);
        var seven = Convolve($"{block}.branch7x7_1", map);
        seven = Convolve($"{block}.branch7x7_2", seven, columns: 3);
        seven = Convolve($"{block}.branch7x7_3", seven, rows: 3);
        var twice = Convolve($"{block}.branch7x7dbl_1", map);
        twice = Convolve($"{block}.branch7x7dbl_2", twice, rows: 3);
        twice = Convolve($"{block}.branch7x7dbl_3", twice, columns: 3);
        twice = Convolve($"{block}.branch7x7dbl_4", twice, rows: 3);
        twice = Convolve($"{block}.branch7x7dbl_5", twice, columns: 3);
        var pooled = Convolve($"{block}.branch_pool", Averages(map));
        return cat([single, seven, twice, pooled], 1);
    }

    private Tensor D(string block, Tensor map)
    {
        var three = Convolve($"{block}.branch3x3_1", map);
        three = Convolve($"{block}.branch3x3_2", three, stride: 2);
        var seven = Convolve($"{block}.branch7x7x3_1", map);
        seven = Convolve($"{block}.branch7x7x3_2", seven, columns: 3);
        seven = Convolve($"{block}.branch7x7x3_3", seven, rows: 3);
        seven = Convolve($"{block}.branch7x7x3_4", seven, stride: 2);
        return cat([three, seven, HalfSize(map)], 1);
    }

    private Tensor E(string block, Tensor map, Tensor pooled)
    {
        var single = Convolve($"{block}.branch1x1", map);
        var three = Convolve($"{block}.branch3x3_1", map);
        var threeRow = Convolve($"{block}.branch3x3_2a", three, columns: 1);
        var threeColumn = Convolve($"{block}.branch3x3_2b", three, rows: 1);
        var twice = Convolve($"{block}.branch3x3dbl_1", map);
        twice = Convolve($"{block}.branch3x3dbl_2", twice, rows: 1, columns: 1);
        var twiceRow = Convolve($"{block}.branch3x3dbl_3a", twice, columns: 1);
        var twiceColumn = Convolve($"{block}.branch3x3dbl_3b", twice, rows: 1);
        return cat([single, threeRow, threeColumn, twiceRow, twiceColumn, Convolve($"{block}.branch_pool", pooled)], 1);
    }

    private static Tensor HalfSize(Tensor map) => nn.functional.max_pool2d(map, [3, 3], strides: [2, 2]);

    // Over the pixels within the map: averages with zeros around it, over the share of pixels that went in.
    private static Tensor Averages(Tensor map) => WithZeros(map).div(WithZeros(ones_like(map)));

    private static Tensor WithZeros(Tensor map) => nn.functional.avg_pool2d(map, [3, 3], [1, 1], [1, 1]);

    // With zeros around the map: so many rows above and below, so many columns on either side.
    private Tensor Convolve(string layer, Tensor map, int stride = 1, int rows = 0, int columns = 0)
    {
        using var scope = NewDisposeScope();
        var convolved = nn.functional.conv2d(
            map,
            Double($"{layer}.conv.weight"),
            strides: [stride, stride],
            padding: [rows, columns]
        );
        return nn
            .functional.batch_norm(
                convolved,
                Double($"{layer}.bn.running_mean"),
                Double($"{layer}.bn.running_var"),
                Double($"{layer}.bn.weight"),
                Double($"{layer}.bn.bias"),
                training: false,
                eps: 1e-3
            )
            .relu()
            .MoveToOuterDisposeScope();
    }

    private Tensor Double(string name) => tensors[name].to(float64);
}
