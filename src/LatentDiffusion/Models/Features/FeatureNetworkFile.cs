using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Networks.Layers;

namespace LatentDiffusion.Models.Features;

/// <summary>Opens trained feature networks, whatever they are: the names of the tensors decide.</summary>
public static class FeatureNetworkFile
{
    /// <summary>Loads a network.</summary>
    /// <param name="path">
    /// A classifier that 'ldm train' made (run folder, model folder, or file); the FID Inception network
    /// (pt_inception-2015-12-05); torchvision's vgg16, alexnet or squeezenet1_1; an autoencoder checkpoint of the reference,
    /// which holds VGG16; Darknet-tiny; or Keras's InceptionV3 as nsfwjs packs it (model.min.js, its shards beside it).
    /// </param>
    /// <exception cref="UserInputException">There is no such file, or no such network in it.</exception>
    public static IFeatureNetwork Load(string path)
    {
        if (ModelFile.IsDescribed(path))
        {
            return ModelFile.LoadFeatureNetwork(path);
        }

        using var source = TensorSource.Open(path);
        return Load(source);
    }

    /// <summary>Loads a network and makes it the measure of a perceptual distance.</summary>
    /// <param name="networkPath">See <see cref="Load(string)"/>.</param>
    /// <param name="headsPath">
    /// Learned heads for this network; null: those in the network's file or, if it has none, no heads.
    /// </param>
    /// <param name="headDropout">See <see cref="PerceptualDistance"/>.</param>
    /// <exception cref="UserInputException">A file is missing, holds something else, or the heads fit another network.</exception>
    public static PerceptualDistance LoadDistance(
        string networkPath,
        string? headsPath = null,
        bool headDropout = false
    )
    {
        if (ModelFile.IsDescribed(networkPath))
        {
            var own = ModelFile.LoadFeatureNetwork(networkPath);
            return WithHeads(own, () => headsPath is null ? null : LoadHeads(headsPath, own), headDropout);
        }

        using var source = TensorSource.Open(networkPath);
        var network = Load(source);
        return WithHeads(
            network,
            () => headsPath is null ? LpipsReader.ReadHeads(source, network) : LoadHeads(headsPath, network),
            headDropout
        );
    }

    private static PerceptualDistance WithHeads(IFeatureNetwork network, Func<PerceptualHeads?> heads, bool headDropout)
    {
        try
        {
            return new PerceptualDistance(network, heads(), headDropout);
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
            return Fill(new DarknetTinyFeatures(), network => DarknetTinyReader.Read(source, network));
        }

        if (InceptionReader.Recognises(source))
        {
            return Fill(
                InitialWeights.LeaveOut(() => new InceptionFeatures()),
                network => InceptionReader.Read(source, network)
            );
        }

        if (KerasInceptionReader.Recognises(source))
        {
            return Fill(
                InitialWeights.LeaveOut(() => new KerasInceptionFeatures()),
                network => KerasInceptionReader.Read(source, network)
            );
        }

        return LpipsReader.Read(source)
            ?? throw new UserInputException(
                $"{source.Path} holds no feature network that is known. Use torchvision's vgg16, alexnet or squeezenet1_1 "
                    + "(features.0.weight, ...), an LPIPS or autoencoder checkpoint (net.slice1.0.weight, ...), the FID "
                    + "Inception network (Conv2d_1a_3x3.conv.weight, ...), Keras's InceptionV3 (conv2d_1/kernel, ...), or "
                    + "Darknet-tiny (conv2d_1.kernel, ...)."
            );
    }

    private static T Fill<T>(T network, Action<T> read)
        where T : IFeatureNetwork
    {
        try
        {
            read(network);
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
