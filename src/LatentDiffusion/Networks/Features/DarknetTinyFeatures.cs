using System.Globalization;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// Darknet-tiny (Redmon), a classifier of ImageNet's 1,000 classes with a million weights, its batch normalisation folded
/// into the convolutions. Stages are the maps before each pooling from the second convolution on, and the last one.
/// </summary>
/// <remarks>Weights are frozen.</remarks>
public sealed class DarknetTinyFeatures : ExplicitModule, ISpatialFeatures, IClassProbabilities
{
    /// <summary>Classes it tells apart, in Darknet's own order of WordNet ids.</summary>
    public const int ClassCount = 1000;

    private const int TrainedSize = 224;
    private const double NegativeSlope = 0.1;

    // 3x3 convolutions, each but the first two behind a 1x1 that makes the channels few, and a 1x1 at the end.
    private static readonly Step[] Steps =
    [
        new(3, 16, Pools: true),
        new(3, 32, Pools: true, IsStage: true),
        new(1, 16),
        new(3, 128),
        new(1, 16),
        new(3, 128, Pools: true, IsStage: true),
        new(1, 32),
        new(3, 256),
        new(1, 32),
        new(3, 256, Pools: true, IsStage: true),
        new(1, 64),
        new(3, 512),
        new(1, 64),
        new(3, 512, IsStage: true),
        new(1, 128, IsStage: true),
    ];

    private readonly ConvolutionLayer[] _convolutions;
    private readonly LinearLayer _classifier;

    /// <summary>Creates it with PyTorch's default initial weights.</summary>
    public DarknetTinyFeatures()
        : base("darknet-tiny")
    {
        var inputs = Steps.Select(s => s.Channels).Prepend(3);
        _convolutions =
        [
            .. Steps.Zip(
                inputs,
                (s, input) => new ConvolutionLayer(input, s.Channels, s.Kernel, padding: s.Kernel / 2)
            ),
        ];
        _classifier = new LinearLayer(EmbeddingSize, ClassCount);
        foreach (var (i, convolution) in _convolutions.Index())
        {
            register_module(string.Create(CultureInfo.InvariantCulture, $"conv{i + 1}"), convolution);
        }

        register_module("classifier", _classifier);
        foreach (var parameter in parameters())
        {
            parameter.requires_grad_(false);
        }

        eval();
    }

    /// <inheritdoc/>
    public string Name => "darknet-tiny";

    /// <inheritdoc/>
    public IReadOnlyList<int> StageChannels { get; } = [.. Steps.Where(s => s.IsStage).Select(s => s.Channels)];

    /// <inheritdoc/>
    public int EmbeddingSize => Steps[^1].Channels;

    /// <inheritdoc/>
    public int SpatialSize => SpatialGrid.SizeFor(StageChannels);

    /// <inheritdoc/>
    public int? InputSize => TrainedSize;

    int IClassProbabilities.ClassCount => ClassCount;

    /// <summary>Convolutions with batch normalisation behind them in the published files: "conv1" and so on.</summary>
    internal static int NormalizedConvolutions => Steps.Length;

    /// <inheritdoc/>
    /// <remarks>Images are taken at their own size, which may be any.</remarks>
    /// <exception cref="ArgumentException">The images have other than 3 channels.</exception>
    public IReadOnlyList<Tensor> Stages(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.dim() != 4 || images.shape[1] != 3)
        {
            throw new ArgumentException($"{Name} takes images [B, 3, H, W], not [{string.Join(", ", images.shape)}].");
        }

        using var scope = NewDisposeScope();
        List<Tensor> maps = [];
        var map = images.mul(Scalars.Of(0.5)).Then(x => x.add(Scalars.Of(0.5)));
        foreach (var (step, convolution) in Steps.Zip(_convolutions))
        {
            var activated = map.Then(convolution.forward).Then(LeakyReluOver);
            if (!step.IsStage)
            {
                map = step.Pools ? activated.Then(HalfSize) : activated;
                continue;
            }

            maps.Add(activated);
            map = step.Pools ? HalfSize(activated) : activated.alias();
        }

        return [.. maps.Select(m => m.MoveToOuterDisposeScope())];
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The last stage of the image at 224x224 (bilinear, antialiased when shrinking), averaged over its pixels. These 128
    /// numbers tell classes apart better than the 512 channels before them.
    /// </remarks>
    public Tensor Embed(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var scope = NewDisposeScope();
        return Stages(AtTrainedSize(images))[^1].mean([2L, 3L]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <remarks>Spatial features: 32 channels of the third stage, averaged over a grid of 4x4.</remarks>
    public FeatureReading Read(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        using var scope = NewDisposeScope();
        var stages = Stages(AtTrainedSize(images));
        var embedding = stages[^1].mean([2L, 3L]);
        return new FeatureReading(
            embedding,
            SpatialGrid.Of(stages),
            _classifier.forward(embedding)
        ).MoveToOuterDisposeScope();
    }

    /// <summary>Says what the images show.</summary>
    /// <param name="images">[B, 3, H, W] in [-1, 1].</param>
    /// <returns>Logits [B, <see cref="ClassCount"/>].</returns>
    public Tensor Classify(Tensor images)
    {
        // The original averages a map of logits; the last layer is linear, so that averages may be classified instead.
        using var embedding = Embed(images);
        return _classifier.forward(embedding);
    }

    private static Tensor AtTrainedSize(Tensor images) =>
        images.shape[2] == TrainedSize && images.shape[3] == TrainedSize
            ? images.alias()
            : nn.functional.interpolate(
                images,
                size: [TrainedSize, TrainedSize],
                mode: InterpolationMode.Bilinear,
                align_corners: false,
                antialias: true
            );

    // Darknet's windows stick out at the far end of maps of odd size.
    private static Tensor HalfSize(Tensor map) =>
        nn.functional.max_pool2d(map, [2, 2], strides: [2, 2], ceil_mode: true);

    private static Tensor LeakyReluOver(Tensor x)
    {
        if (Gradients.Needed(x))
        {
            return x.leaky_relu(Scalars.Of(NegativeSlope));
        }

        x.leaky_relu_(Scalars.Of(NegativeSlope));
        return x.alias();
    }

    private readonly record struct Step(int Kernel, int Channels, bool Pools = false, bool IsStage = false);
}
