using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Metrics;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tensors.Runtime;
using static TorchSharp.torch;

namespace LatentDiffusion.Pipelines;

/// <summary>
/// Keeps features of images in files named by a hash of all that they depend on: the images' bytes in order, what is done to
/// them, the network's weights. An entry therefore never goes stale; the folder may be emptied at any time.
/// </summary>
/// <param name="folder">Made when first written to.</param>
public sealed class FeatureCache(string folder)
{
    private const string Version = "ldm features 2";
    private const string Embeddings = "embedding";
    private const string Logits = "logits";
    private const string Spatial = "spatial";

    /// <summary>
    /// The folder of the current user, or one in <c>LDM_CACHE_DIR</c>. It need not exist.
    /// </summary>
    public static string UsualFolder => Path.Combine(TorchRuntime.CacheDirectory, "features");

    /// <summary>What the features of images depend on, as a hash.</summary>
    /// <returns>Null where it cannot be told: of images that are augmented, or of a network without tensors to look at.</returns>
    /// <exception cref="UserInputException">An image cannot be read.</exception>
    public static string? KeyOf(IFeatureNetwork network, ImageDataset dataset, IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(indices);
        if (dataset.Augmentation is not null || network is not nn.Module module)
        {
            return null;
        }

        var hash = new XxHash128();
        Append(hash, $"{Version} {network.Name} {network.GetType().Name} {dataset.Seed} {InWords(dataset.Transform)}");
        AppendWeights(hash, module);
        AppendWeights(hash, (network as FeatureNetwork)?.Head);
        foreach (var index in indices)
        {
            Append(hash, (dataset.Source as IDecodedImages)?.Decoded(index).Pixels ?? dataset.Source.Read(index));
        }

        return hash.GetCurrentHashAsUInt128().ToString("x32", CultureInfo.InvariantCulture);
    }

    /// <summary>Looks for features.</summary>
    /// <param name="key">See <see cref="KeyOf"/>.</param>
    /// <param name="network">What would make them.</param>
    /// <param name="count">Of how many images.</param>
    /// <returns>Null where there are none, or none that can be read.</returns>
    public ImageFeatures? Find(string key, IFeatureNetwork network, int count)
    {
        ArgumentNullException.ThrowIfNull(network);
        var path = PathOf(key);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var scope = NewDisposeScope();
            using var file = SafetensorsFile.Open(path);
            var kept = Math.Min(count, ImageFeatures.MostKept);
            var classes = (network as IClassProbabilities)?.ClassCount;
            var spatial = (network as ISpatialFeatures)?.SpatialSize;
            return new ImageFeatures(
                network,
                Read(file, Embeddings, float32, kept, network.EmbeddingSize),
                ReadMoments(file, Embeddings, count, network.EmbeddingSize),
                spatial is { } size ? ReadMoments(file, Spatial, count, size) : null,
                classes is { } width ? Read(file, Logits, float32, kept, width) : null
            );
        }
        catch (Exception e) when (e is CheckpointFormatException or UserInputException or IOException)
        {
            // Made anew, and written over.
            return null;
        }
    }

    /// <summary>Keeps features; a cache that cannot be written to is no failure.</summary>
    /// <param name="key">See <see cref="KeyOf"/>.</param>
    /// <param name="features">Of at least two images.</param>
    /// <returns>Whether they were written.</returns>
    public bool Keep(string key, ImageFeatures features)
    {
        ArgumentNullException.ThrowIfNull(features);
        try
        {
            Directory.CreateDirectory(folder);
            using var scope = NewDisposeScope();
            Dictionary<string, Tensor> tensors = new() { [Embeddings] = features.ToSingles() };
            AddMoments(tensors, Embeddings, features.ToMoments());
            if (features.ToLogits() is { } logits)
            {
                tensors[Logits] = logits;
            }

            if (features.ToSpatialMoments() is { } spatial)
            {
                AddMoments(tensors, Spatial, spatial);
            }

            SafetensorsWriter.Write(
                PathOf(key),
                tensors,
                new Dictionary<string, string> { ["network"] = features.Network, ["format"] = Version }
            );
            return true;
        }
        catch (Exception e) when (e is UserInputException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private string PathOf(string key) => Path.Combine(folder, key + ".safetensors");

    private static Tensor Read(SafetensorsFile file, string name, ScalarType dtype, params long[] shape)
    {
        var target = empty(shape, dtype);
        file.ReadInto(name, target);
        return target;
    }

    private static FeatureMoments ReadMoments(SafetensorsFile file, string name, int count, int size) =>
        new(
            count,
            Read(file, MeanOf(name), float64, size).data<double>().ToArray(),
            Read(file, CovarianceOf(name), float64, size, size).data<double>().ToArray()
        );

    private static void AddMoments(Dictionary<string, Tensor> tensors, string name, FeatureMoments moments)
    {
        tensors[MeanOf(name)] = tensor(moments.Mean.ToArray());
        tensors[CovarianceOf(name)] = tensor(moments.Covariance.ToArray(), [moments.Size, moments.Size]);
    }

    private static string MeanOf(string name) => name + ".mean";

    private static string CovarianceOf(string name) => name + ".covariance";

    private static string InWords(ImageTransform transform) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{transform.Size} {transform.Resize} {transform.Crop} {transform.FlipProbability} {transform.Rotate} "
        ) + transform.Background;

    private static void AppendWeights(XxHash128 hash, nn.Module? module)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (var (name, tensor) in module is null ? [] : ModuleState.Of(module))
        {
            Append(hash, $"{name} {string.Join(' ', tensor.shape)}");
            TensorMemory.ForEachPiece(tensor.detach().cpu().contiguous(), (piece, _) => hash.Append(piece));
        }
    }

    private static void Append(XxHash128 hash, string text) => Append(hash, Encoding.UTF8.GetBytes(text));

    // With its length, so that the border between two images counts.
    private static void Append(XxHash128 hash, byte[] bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.Append(length);
        hash.Append(bytes);
    }
}
