using LatentDiffusion.Checkpoints;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Conditioners;

namespace LatentDiffusion.Models;

/// <summary>Text encoders that come trained: CLIP's.</summary>
public static class PretrainedText
{
    private const string Root = "text_model.";

    // A table of 0, 1, 2, ... that older files carry.
    private const string Positions = "embeddings.position_ids";

    /// <summary>Fills the pretrained text encoders of a fresh model from the files that its description names.</summary>
    /// <exception cref="UserInputException">A file is missing, or its tensors do not fit.</exception>
    public static void LoadInto(LatentDiffusionModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var networks = (model.Conditioner as HybridConditioner)?.Parts ?? [model.Conditioner!];
        foreach (var (config, conditioner) in model.Config.Conditioner!.Singles.Zip(networks))
        {
            if (config is ClipTextConfig clip)
            {
                Load(clip.Weights, (ClipTextTransformer)conditioner.Network!);
            }
        }
    }

    /// <summary>
    /// Fills CLIP's text transformer from a file of a CLIP model or of a whole Stable Diffusion 1.x model; whatever else the
    /// file holds is passed over.
    /// </summary>
    /// <param name="path">A safetensors file or one that torch.save wrote.</param>
    /// <param name="network">Receives the weights.</param>
    /// <exception cref="UserInputException">The file is missing, or its tensors do not fit.</exception>
    public static void Load(string path, ClipTextTransformer network)
    {
        ArgumentNullException.ThrowIfNull(network);
        using var file = WeightsFile.Open(path);
        var first =
            file.Shapes.Keys.FirstOrDefault(name => name.Contains(Root, StringComparison.Ordinal))
            ?? throw new UserInputException(
                $"{path} holds no tensors named {Root}...: give the weights of a CLIP text encoder."
            );
        var prefix = first[..first.IndexOf(Root, StringComparison.Ordinal)];
        ModuleState.Load(
            file,
            ModuleState
                .Of(network)
                .Select(t => KeyValuePair.Create(prefix + t.Key[ClipTextTransformer.Prefix.Length..], t.Value)),
            name =>
                name.StartsWith(prefix + Root, StringComparison.Ordinal)
                && !name.EndsWith(Positions, StringComparison.Ordinal)
        );
    }
}
