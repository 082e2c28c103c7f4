namespace LatentDiffusion.Networks.Features;

/// <summary>
/// The convolutions of VGG16 (Simonyan and Zisserman 2014), seen after the last ReLU before each pooling: the network
/// behind the perceptual loss of the published autoencoders. Embedding: 512 numbers.
/// </summary>
public sealed class Vgg16Features : LpipsNetwork
{
    /// <summary>Creates it with PyTorch's default initial weights.</summary>
    public Vgg16Features()
        : base(
            "vgg16",
            16,
            new FeatureSlice(Convolution(0, 3, 64), Convolution(2, 64, 64)),
            new FeatureSlice(SliceStep.MaxPool(2), Convolution(5, 64, 128), Convolution(7, 128, 128)),
            new FeatureSlice(
                SliceStep.MaxPool(2),
                Convolution(10, 128, 256),
                Convolution(12, 256, 256),
                Convolution(14, 256, 256)
            ),
            new FeatureSlice(
                SliceStep.MaxPool(2),
                Convolution(17, 256, 512),
                Convolution(19, 512, 512),
                Convolution(21, 512, 512)
            ),
            new FeatureSlice(
                SliceStep.MaxPool(2),
                Convolution(24, 512, 512),
                Convolution(26, 512, 512),
                Convolution(28, 512, 512)
            )
        ) { }

    private static SliceStep Convolution(int key, int input, int output) =>
        SliceStep.Convolution(key, input, output, kernel: 3, padding: 1);
}
