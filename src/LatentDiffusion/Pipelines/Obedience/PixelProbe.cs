using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace LatentDiffusion.Pipelines.Obedience;

/// <summary>
/// Tells the class of every pixel from a feature network's maps: ridge regression to the classes of real images, the largest
/// value wins. Nothing is trained by gradients, so it takes seconds and has no settings.
/// </summary>
internal sealed class PixelProbe : IDisposable
{
    private const int MostSide = 64;
    private const double Ridge = 1e-3;

    private readonly IFeatureNetwork _network;
    private readonly int _classes;
    private readonly Tensor _squares;
    private readonly Tensor _products;
    private Tensor? _weights;

    /// <param name="network">Makes the maps; not disposed.</param>
    /// <param name="classes">Number of classes.</param>
    public PixelProbe(IFeatureNetwork network, int classes)
    {
        (_network, _classes) = (network, classes);
        var width = network.StageChannels.Sum() + 1;
        _squares = zeros([width, width], float64).DetachFromDisposeScope();
        _products = zeros([width, classes], float64).DetachFromDisposeScope();
    }

    /// <summary>Learns from an image whose classes are known.</summary>
    public void Learn(RgbImage image, LabelMap map)
    {
        using var scope = NewDisposeScope();
        var rows = Rows(image);
        var targets = functional.one_hot(tensor(Grid(image, map)), _classes).to(float64);
        _squares.PlusInPlace(rows.t().mm(rows));
        _products.PlusInPlace(rows.t().mm(targets));
        _weights?.Dispose();
        _weights = null;
    }

    /// <summary>Tells the classes of an image's pixels, on a grid of at most 64x64.</summary>
    public long[] Tell(RgbImage image)
    {
        using var scope = NewDisposeScope();
        return Rows(image).mm(_weights ??= Solve()).argmax(1).data<long>().ToArray();
    }

    /// <summary>The classes that a map has on the grid of <see cref="Tell"/>.</summary>
    public static long[] Grid(RgbImage image, LabelMap map)
    {
        var (width, height) = GridOf(image);
        return Array.ConvertAll(map.Resize(width, height).Ids, id => (long)id);
    }

    public void Dispose()
    {
        _squares.Dispose();
        _products.Dispose();
        _weights?.Dispose();
    }

    private Tensor Solve()
    {
        using var scope = NewDisposeScope();
        var width = _squares.shape[0];
        var ridge = eye(width, dtype: float64).mul(_squares.diagonal().mean().mul(Scalars.Of(Ridge)));
        return linalg.solve(_squares.Plus(ridge), _products).DetachFromDisposeScope();
    }

    // Every pixel's features, [H * W, D]: all maps at the grid's size, and 1.
    private Tensor Rows(RgbImage image)
    {
        using var inference = no_grad();
        using var scope = NewDisposeScope();
        var (width, height) = GridOf(image);
        var stages = _network
            .Stages(ImageTensors.FromImages([image]))
            .Select(stage =>
                functional.interpolate(stage, size: [height, width], mode: InterpolationMode.Bilinear).flatten(2)[0].t()
            );
        Tensor[] columns = [.. stages.Select(stage => stage.to(float64)), ones([width * height, 1], float64)];
        return cat(columns, 1).MoveToOuterDisposeScope();
    }

    private static (int Width, int Height) GridOf(RgbImage image) =>
        (Math.Min(image.Width, MostSide), Math.Min(image.Height, MostSide));
}
