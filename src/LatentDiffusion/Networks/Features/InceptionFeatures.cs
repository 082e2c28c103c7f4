using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tensors.Resampling;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// The network that the Frechet inception distance is defined with (Heusel et al. 2017): TensorFlow's InceptionV3 of
/// 2015-12-05. Batch normalisation is folded into the convolutions. The protocol is that of torch-fidelity 0.3, which LDM
/// measured with: the embedding are the 2,048 means of the last map, logits are without the classifier's biases.
/// </summary>
/// <remarks>
/// <para>
/// Images of 8 bits are resized to 299x299 as TensorFlow 1 does (<see cref="UncentredBilinear"/>) and taken to
/// (v - 128) / 128. pytorch-fid resizes with centred grids instead, which moves FID a little; it is not offered.
/// </para>
/// <para>
/// It differs from torchvision's InceptionV3 in more than weights: averages count no pixels outside of the map, the last
/// block pools maxima, batch normalisation has epsilon 0.001, and there are 1,008 classes. Weights are frozen.
/// </para>
/// </remarks>
public sealed class InceptionFeatures : ExplicitModule, ISpatialFeatures, IClassProbabilities
{
    /// <summary>Classes it tells apart; 1,000 of them are ImageNet's.</summary>
    public const int ClassCount = 1008;

    private const int TrainedSize = 299;
    private const int SmallestStageInput = 75;

    // sFID (Nash et al. 2021): 7 channels of TensorFlow's "mixed_6/conv", 17x17 pixels.
    private const string SpatialLayer = "Mixed_6d";
    private const int SpatialChannels = 7;
    private const int SpatialSide = 17;

    private static readonly (string Layer, int Channels)[] StageLayers =
    [
        ("MaxPool_1", 64),
        ("MaxPool_2", 192),
        ("Mixed_6e", 768),
        ("Mixed_7c", 2048),
    ];

    private readonly List<(string Name, Func<Tensor, Tensor> Apply)> _layers = [];
    private readonly LinearLayer _classifier;

    /// <summary>Creates it with PyTorch's default initial weights.</summary>
    public InceptionFeatures()
        : base("inception")
    {
        AddConvolution("Conv2d_1a_3x3", 3, 32, kernel: 3, stride: 2);
        AddConvolution("Conv2d_2a_3x3", 32, 32, kernel: 3);
        AddConvolution("Conv2d_2b_3x3", 32, 64, kernel: 3, keepsSize: true);
        _layers.Add(("MaxPool_1", HalfSize));
        AddConvolution("Conv2d_3b_1x1", 64, 80, kernel: 1);
        AddConvolution("Conv2d_4a_3x3", 80, 192, kernel: 3);
        _layers.Add(("MaxPool_2", HalfSize));
        var channels = 192;
        Add("Mixed_5b", InceptionBlock.A(channels, pooled: 32));
        Add("Mixed_5c", InceptionBlock.A(channels, pooled: 64));
        Add("Mixed_5d", InceptionBlock.A(channels, pooled: 64));
        Add("Mixed_6a", InceptionBlock.B(channels));
        Add("Mixed_6b", InceptionBlock.C(channels, width: 128));
        Add("Mixed_6c", InceptionBlock.C(channels, width: 160));
        Add("Mixed_6d", InceptionBlock.C(channels, width: 160));
        Add("Mixed_6e", InceptionBlock.C(channels, width: 192));
        Add("Mixed_7a", InceptionBlock.D(channels));
        Add("Mixed_7b", InceptionBlock.E(channels, poolsMaxima: false));
        Add("Mixed_7c", InceptionBlock.E(channels, poolsMaxima: true));
        _classifier = new LinearLayer(EmbeddingSize, ClassCount, bias: false);
        register_module("fc", _classifier);
        foreach (var parameter in parameters())
        {
            parameter.requires_grad_(false);
        }

        eval();

        void Add(string name, InceptionBlock block)
        {
            channels = block.Channels;
            register_module(name, block);
            _layers.Add((name, block.forward));
        }
    }

    /// <inheritdoc/>
    public string Name => "inception";

    /// <inheritdoc/>
    public IReadOnlyList<int> StageChannels { get; } = [.. StageLayers.Select(stage => stage.Channels)];

    /// <inheritdoc/>
    public int EmbeddingSize => StageLayers[^1].Channels;

    /// <inheritdoc/>
    public int SpatialSize => SpatialChannels * SpatialSide * SpatialSide;

    /// <inheritdoc/>
    public int? InputSize => TrainedSize;

    int IClassProbabilities.ClassCount => ClassCount;

    /// <inheritdoc/>
    /// <remarks>Images are taken at their own size; the maps are those that pytorch-fid numbers 0 to 3.</remarks>
    /// <exception cref="ArgumentException">The images have other than 3 channels or are smaller than 75x75.</exception>
    public IReadOnlyList<Tensor> Stages(Tensor images)
    {
        CheckImages(images, SmallestStageInput);
        using var scope = NewDisposeScope();
        var maps = Run(Scaled(images), [.. StageLayers.Select(stage => stage.Layer)]);
        return [.. maps.Select(map => map.MoveToOuterDisposeScope())];
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The images have other than 3 channels.</exception>
    public Tensor Embed(Tensor images)
    {
        CheckImages(images, smallest: 1);
        using var scope = NewDisposeScope();
        return Run(AtTrainedSize(images), StageLayers[^1].Layer)[0].mean([2L, 3L]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Spatial features are those of sFID: the first 7 channels of TensorFlow's "mixed_6/conv", which is branch1x1 of Mixed_6d,
    /// channel by channel (the original has them pixel by pixel; a Frechet distance does not depend on the order).
    /// </remarks>
    /// <exception cref="ArgumentException">The images have other than 3 channels.</exception>
    public FeatureReading Read(Tensor images)
    {
        CheckImages(images, smallest: 1);
        using var scope = NewDisposeScope();
        var maps = Run(AtTrainedSize(images), SpatialLayer, StageLayers[^1].Layer);
        var embedding = maps[1].mean([2L, 3L]);
        // The block's result begins with the channels of branch1x1.
        var spatial = maps[0].narrow(1, 0, SpatialChannels).contiguous().flatten(1);
        return new FeatureReading(embedding, spatial, _classifier.forward(embedding)).MoveToOuterDisposeScope();
    }

    /// <summary>The map after a layer, of images at 299x299.</summary>
    internal Tensor MapAfter(string layer, Tensor images)
    {
        using var scope = NewDisposeScope();
        return Run(AtTrainedSize(images), layer)[0].MoveToOuterDisposeScope();
    }

    private static Tensor HalfSize(Tensor map) => InceptionBranch.Maxima(map, stride: 2);

    // From [-1, 1], where 8 bits are v / 127.5 - 1, to (v - 128) / 128.
    private static Tensor Scaled(Tensor images) =>
        images.mul(Scalars.Of(127.5 / 128)).Then(x => x.add(Scalars.Of(-0.5 / 128)));

    private static Tensor AtTrainedSize(Tensor images) =>
        UncentredBilinear.Resize(images, TrainedSize, TrainedSize).Then(Scaled);

    private void AddConvolution(string name, int input, int output, int kernel, int stride = 1, bool keepsSize = false)
    {
        var convolution = new InceptionConvolution(input, output, kernel, kernel, stride, keepsSize);
        register_module(name, convolution);
        _layers.Add((name, convolution.forward));
    }

    // The maps after the named layers, in the network's order; others are released as soon as they have been read.
    private List<Tensor> Run(Tensor input, params ReadOnlySpan<string> kept)
    {
        List<Tensor> maps = [];
        var (map, isKept) = (input, false);
        foreach (var (name, apply) in _layers)
        {
            if (maps.Count == kept.Length)
            {
                break;
            }

            var next = apply(map);
            if (!isKept)
            {
                map.Dispose();
            }

            (map, isKept) = (next, kept.Contains(name));
            if (isKept)
            {
                maps.Add(map);
            }
        }

        return maps;
    }

    private void CheckImages(Tensor images, int smallest)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.dim() != 4 || images.shape[1] != 3 || Math.Min(images.shape[2], images.shape[3]) < smallest)
        {
            throw new ArgumentException(
                $"{Name} takes images [B, 3, H, W] of at least {smallest} pixels a side, "
                    + $"not [{string.Join(", ", images.shape)}]."
            );
        }
    }
}
