using System.Text.RegularExpressions;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>Makes a file to give away of what a training run wrote.</summary>
public static partial class ModelExport
{
    /// <summary>
    /// Writes the newest weights of a model into a folder: with averages in the place of the weights they are averages of, and
    /// with the names of folders of this machine reduced to their last part.
    /// </summary>
    /// <param name="run">A run folder, a model folder, or a file.</param>
    /// <param name="folder">The model's folder; created when missing, the weights in it are replaced.</param>
    /// <param name="storage">What weights are stored as; null keeps 32 bits. They are computed with in 32 bits either way.</param>
    /// <returns>The file.</returns>
    /// <exception cref="Errors.UserInputException">There is no such model.</exception>
    public static string Write(string run, string folder, ScalarType? storage = null)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(run));
        var config = ModelFile.ReadConfig(file);
        OutputFolder.Create(folder);
        var path = Path.Combine(folder, ModelFile.FileName);
        using var scope = NewDisposeScope();
        using var model = config is LatentDiffusionModelConfig ? ModelFile.LoadLatentDiffusion(run) : null;
        var tensors =
            model is not null ? ModelTensors.Of(model, ema: null)
            : config is AutoencoderModelConfig autoencoder ? Weights(file, autoencoder)
            : file.Tensors.Keys.Select(name => KeyValuePair.Create(name, file.Read(name)));
        ModelFile.WriteDescribed(
            path,
            WithoutFolders(ConfigWriter.ToYaml(config)),
            tensors.Select(t => KeyValuePair.Create(t.Key, Stored(t.Key, t.Value))),
            WithoutFolders(ModelFile.ExperimentOf(file)),
            ModelFile.StepOf(file),
            model?.Conditioner?.Vocabularies
        );
        return path;

        // Noise schedule and scale factor keep their precision: they are a few numbers.
        Tensor Stored(string name, Tensor tensor) =>
            storage is { } type
            && tensor.dtype == ScalarType.Float32
            && model?.Process.Buffers.ContainsKey(name) != true
                ? tensor.to(type)
                : tensor;
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
