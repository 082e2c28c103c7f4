using System.Text.RegularExpressions;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>Makes a file to give away of what a training run wrote.</summary>
public static partial class ModelExport
{
    /// <summary>
    /// Writes the newest weights of an autoencoder or a classifier into a folder: with averages in the place of the weights
    /// they are averages of, and with the names of folders of this machine reduced to their last part.
    /// </summary>
    /// <param name="run">A run folder, a model folder, or a file.</param>
    /// <param name="folder">The model's folder; created when missing, the weights in it are replaced.</param>
    /// <returns>The file.</returns>
    /// <exception cref="Errors.UserInputException">
    /// There is no such model, or it is a latent diffusion model, which keeps its averages beside its weights.
    /// </exception>
    public static string Write(string run, string folder)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(run));
        var config = ModelFile.ReadConfig(file);
        if (config is LatentDiffusionModelConfig)
        {
            throw new Errors.UserInputException(
                $"{run} is a latent diffusion model: copy its {ModelFile.FileName}; only autoencoders and classifiers "
                    + "are exported."
            );
        }

        OutputFolder.Create(folder);
        var path = Path.Combine(folder, ModelFile.FileName);
        using var scope = NewDisposeScope();
        var tensors = config is AutoencoderModelConfig autoencoder
            ? Weights(file, autoencoder)
            : file.Tensors.Keys.Select(name => KeyValuePair.Create(name, file.Read(name)));
        ModelFile.Write(path, config, tensors, WithoutFolders(ModelFile.ExperimentOf(file)), ModelFile.StepOf(file));
        return path;
    }

    /// <summary>A configuration in which paths have no more than their last part.</summary>
    internal static string WithoutFolders(string yaml) => FolderPattern().Replace(yaml, "$1$2");

    private static IEnumerable<KeyValuePair<string, Tensor>> Weights(
        SafetensorsFile file,
        AutoencoderModelConfig config
    )
    {
        // In the scope of the caller, which outlives the writing.
        var firstStage = config.FirstStage.Build();
        FirstStageTensors.LoadWeights(file, firstStage, useAverages: true);
        return ModuleState.Of(firstStage).Select(t => KeyValuePair.Create(t.Key, t.Value.clone()));
    }

    // "path: /home/me/photos/train" and the like; also of Windows, also quoted.
    [GeneratedRegex("""(?m)^(\s*\w+: ["']?)(?:[A-Za-z]:)?[/\\](?:[^/\\\r\n]*[/\\])*([^/\\\r\n]+)$""")]
    private static partial Regex FolderPattern();
}
