using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// The layers of InceptionV3 (Szegedy et al. 2015) up to its last map, as TensorFlow has them: averages count no pixels
/// outside of the map. Batch normalisation is folded into the convolutions. Weights are frozen.
/// </summary>
public abstract class InceptionTrunk : ExplicitModule, IFeatureNetwork
{
    private const int TrainedSize = 299;
    private const int SmallestStageInput = 75;

    private static readonly (string Layer, int Channels)[] StageLayers =
    [
        ("MaxPool_1", 64),
        ("MaxPool_2", 192),
        ("Mixed_6e", 768),
        ("Mixed_7c", 2048),
    ];

    private readonly List<(string Name, Func<Tensor, Tensor> Apply)> _layers = [];

    /// <summary>Creates it with PyTorch's default initial weights.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="endsInMaxima">Whether the last block pools maxima, as the network of FID does.</param>
    private protected InceptionTrunk(string name, bool endsInMaxima)
        : base(name)
    {
        Name = name;
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
        Add("Mixed_7c", InceptionBlock.E(channels, poolsMaxima: endsInMaxima));
        foreach (var parameter in parameters())
        {
            parameter.requires_grad_(false);
        }

        eval();

        void Add(string layer, InceptionBlock block)
        {
            channels = block.Channels;
            register_module(layer, block);
            _layers.Add((layer, block.forward));
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> StageChannels { get; } = [.. StageLayers.Select(stage => stage.Channels)];

    /// <inheritdoc/>
    public int EmbeddingSize => StageLayers[^1].Channels;

    /// <inheritdoc/>
    public int? InputSize => TrainedSize;

    /// <inheritdoc/>
    public int SmallestImage => SmallestStageInput;

    /// <summary>The layer whose map is averaged to the embedding.</summary>
    private protected static string LastLayer => StageLayers[^1].Layer;

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
        using var scope = NewDisposeScope();
        return MapsAfter(images, LastLayer)[0].mean([2L, 3L]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public virtual FeatureReading Read(Tensor images) => new(Embed(images));

    /// <summary>The maps after some layers, in the network's order, of images at 299x299.</summary>
    /// <exception cref="ArgumentException">The images have other than 3 channels.</exception>
    internal IReadOnlyList<Tensor> MapsAfter(Tensor images, params ReadOnlySpan<string> layers)
    {
        CheckImages(images, smallest: 1);
        using var scope = NewDisposeScope();
        var maps = Run(Resized(images, TrainedSize).Then(Scaled), layers);
        return [.. maps.Select(map => map.MoveToOuterDisposeScope())];
    }

    /// <summary>Brings images to the side that the network was trained with, by the interpolation it was trained with.</summary>
    private protected abstract Tensor Resized(Tensor images, int side);

    /// <summary>Takes pixels from [-1, 1] to the range that the network was trained with.</summary>
    private protected abstract Tensor Scaled(Tensor images);

    private static Tensor HalfSize(Tensor map) => InceptionBranch.Maxima(map, stride: 2);

    private void AddConvolution(string name, int input, int output, int kernel, int stride = 1, bool keepsSize = false)
    {
        var convolution = new InceptionConvolution(input, output, kernel, kernel, stride, keepsSize);
        register_module(name, convolution);
        _layers.Add((name, convolution.forward));
    }

    // Maps that are not kept are released as soon as they have been read.
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
