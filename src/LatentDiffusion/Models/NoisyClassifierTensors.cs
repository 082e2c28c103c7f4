using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>The tensors of a classifier of noisy latents, under the reference's names.</summary>
internal static class NoisyClassifierTensors
{
    private const string NetworkPrefix = "model.";

    /// <summary>Everything that a checkpoint holds; new tensors belong to the current dispose scope.</summary>
    public static IEnumerable<KeyValuePair<string, Tensor>> Of(NoisyLatentClassifier model) =>
        ModuleState
            .Of(model.Network, NetworkPrefix)
            .Concat(ModuleState.Of(model.FirstStage, ModelTensors.FirstStagePrefix))
            .Append(KeyValuePair.Create(ModelTensors.ScaleFactor, tensor(model.ScaleFactor, dtype: float64)));

    /// <summary>Fills a classifier from a checkpoint.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="model">Receives weights and scale factor.</param>
    /// <param name="withFirstStage">Whether the first stage is filled, too.</param>
    /// <exception cref="Errors.UserInputException">The tensors do not fit; nothing is changed.</exception>
    public static void Load(SafetensorsFile file, NoisyLatentClassifier model, bool withFirstStage)
    {
        using var scale = tensor(1.0, dtype: float64);
        var targets = ModuleState
            .Of(model.Network, NetworkPrefix)
            .Append(KeyValuePair.Create(ModelTensors.ScaleFactor, scale));
        if (withFirstStage)
        {
            targets = targets.Concat(ModuleState.Of(model.FirstStage, ModelTensors.FirstStagePrefix));
        }

        ModuleState.Load(
            file,
            targets,
            name =>
                name.StartsWith(NetworkPrefix, StringComparison.Ordinal)
                || (withFirstStage && name.StartsWith(ModelTensors.FirstStagePrefix, StringComparison.Ordinal))
        );
        model.ScaleFactor = scale.item<double>();
    }
}
