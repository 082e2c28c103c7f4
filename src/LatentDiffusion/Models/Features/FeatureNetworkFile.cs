using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Features;

namespace LatentDiffusion.Models.Features;

/// <summary>Opens trained feature networks, whatever they are: the names of the tensors decide.</summary>
public static class FeatureNetworkFile
{
    /// <summary>Loads a network.</summary>
    /// <param name="path">
    /// torchvision's vgg16, alexnet or squeezenet1_1; an autoencoder checkpoint of the reference, which holds VGG16; or
    /// Darknet-tiny.
    /// </param>
    /// <exception cref="UserInputException">There is no such file, or no such network in it.</exception>
    public static IFeatureNetwork Load(string path)
    {
        // Our own classifiers: where path is a folder or a file with a model's description, the answer is
        // ModelFile.LoadFeatureNetwork(path).
        using var source = TensorSource.Open(path);
        return Load(source);
    }

    /// <summary>Loads a network and makes it the measure of a perceptual distance.</summary>
    /// <param name="networkPath">See <see cref="Load(string)"/>.</param>
    /// <param name="headsPath">
    /// Learned heads for this network; null: those in the network's file or, if it has none, no heads.
    /// </param>
    /// <exception cref="UserInputException">A file is missing, holds something else, or the heads fit another network.</exception>
    public static PerceptualDistance LoadDistance(string networkPath, string? headsPath = null)
    {
        using var source = TensorSource.Open(networkPath);
        var network = Load(source);
        try
        {
            return new PerceptualDistance(
                network,
                headsPath is null ? LpipsReader.ReadHeads(source, network) : LoadHeads(headsPath, network)
            );
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static IFeatureNetwork Load(TensorSource source)
    {
        if (DarknetTinyReader.Recognises(source))
        {
            return ReadDarknet(source);
        }

        return LpipsReader.Read(source)
            ?? throw new UserInputException(
                $"{source.Path} holds no feature network that is known. Use torchvision's vgg16, alexnet or squeezenet1_1 "
                    + "(features.0.weight, ...), an LPIPS or autoencoder checkpoint (net.slice1.0.weight, ...), or "
                    + "Darknet-tiny (conv2d_1.kernel, ...)."
            );
    }

    private static DarknetTinyFeatures ReadDarknet(TensorSource source)
    {
        var network = new DarknetTinyFeatures();
        try
        {
            DarknetTinyReader.Read(source, network);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static PerceptualHeads LoadHeads(string path, IFeatureNetwork network)
    {
        using var source = TensorSource.Open(path);
        return LpipsReader.ReadHeads(source, network)
            ?? throw new UserInputException(
                $"{path} holds no LPIPS heads (lin0.model.1.weight, ...). Use those of {network.Name}, or none."
            );
    }
}
