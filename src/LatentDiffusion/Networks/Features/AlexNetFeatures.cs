namespace LatentDiffusion.Networks.Features;

/// <summary>
/// The convolutions of AlexNet (Krizhevsky 2014), seen after every ReLU: the network that the LPIPS authors recommend for
/// measuring. Embedding: 256 numbers.
/// </summary>
public sealed class AlexNetFeatures : LpipsNetwork
{
    /// <summary>Creates it with PyTorch's default initial weights.</summary>
    public AlexNetFeatures()
        : base(
            "alexnet",
            31,
            new FeatureSlice(SliceStep.Convolution(0, 3, 64, kernel: 11, stride: 4, padding: 2)),
            new FeatureSlice(SliceStep.MaxPool(3), SliceStep.Convolution(3, 64, 192, kernel: 5, padding: 2)),
            new FeatureSlice(SliceStep.MaxPool(3), SliceStep.Convolution(6, 192, 384, kernel: 3, padding: 1)),
            new FeatureSlice(SliceStep.Convolution(8, 384, 256, kernel: 3, padding: 1)),
            new FeatureSlice(SliceStep.Convolution(10, 256, 256, kernel: 3, padding: 1))
        ) { }
}
