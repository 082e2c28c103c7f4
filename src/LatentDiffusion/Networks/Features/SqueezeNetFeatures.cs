namespace LatentDiffusion.Networks.Features;

/// <summary>
/// SqueezeNet 1.1 (Iandola et al. 2016), seen at seven depths: the smallest of the networks of LPIPS. Embedding: 512
/// numbers.
/// </summary>
public sealed class SqueezeNetFeatures : LpipsNetwork
{
    /// <summary>Creates it with PyTorch's default initial weights.</summary>
    public SqueezeNetFeatures()
        : base(
            "squeezenet",
            17,
            new FeatureSlice(SliceStep.Convolution(0, 3, 64, kernel: 3, stride: 2)),
            new FeatureSlice(Pool(), SliceStep.Fire(3, 64, 16, 64), SliceStep.Fire(4, 128, 16, 64)),
            new FeatureSlice(Pool(), SliceStep.Fire(6, 128, 32, 128), SliceStep.Fire(7, 256, 32, 128)),
            new FeatureSlice(Pool(), SliceStep.Fire(9, 256, 48, 192)),
            new FeatureSlice(SliceStep.Fire(10, 384, 48, 192)),
            new FeatureSlice(SliceStep.Fire(11, 384, 64, 256)),
            new FeatureSlice(SliceStep.Fire(12, 512, 64, 256))
        ) { }

    private static SliceStep Pool() => SliceStep.MaxPool(3, ceiling: true);
}
