using LatentDiffusion.Checkpoints;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Networks.Autoencoders;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>The tensors of a first stage on its own under the names of published checkpoints.</summary>
public static class FirstStageTensors
{
    // Where the reference keeps what only training needs: the discriminator and the perceptual network.
    private const string LossPrefix = "loss.";

    /// <summary>The parameters to average: all of the first stage's, by their published names.</summary>
    public static IEnumerable<(string Name, Tensor Parameter)> Parameters(FirstStage firstStage)
    {
        ArgumentNullException.ThrowIfNull(firstStage);
        return firstStage.named_parameters().Select(p => (p.name, (Tensor)p.parameter));
    }

    /// <summary>Everything that a checkpoint of the first stage holds; new tensors belong to the current dispose scope.</summary>
    /// <param name="firstStage">The first stage.</param>
    /// <param name="averages">Averages of <see cref="Parameters"/>, or null.</param>
    public static IEnumerable<KeyValuePair<string, Tensor>> Of(
        FirstStage firstStage,
        ExponentialMovingAverage? averages
    ) => ModuleState.Of(firstStage).Concat(averages is null ? [] : AverageTensors.Of(averages));

    /// <summary>Fills a first stage, and averages where given, from a checkpoint.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="firstStage">Receives the weights.</param>
    /// <param name="averages">Receives the averages and their count, or null.</param>
    /// <exception cref="Errors.UserInputException">The tensors do not fit; nothing is changed.</exception>
    public static void Load(IWeights file, FirstStage firstStage, ExponentialMovingAverage? averages)
    {
        using var updates = tensor(0, dtype: int32);
        ModuleState.Load(
            file,
            ModuleState.Of(firstStage).Concat(averages is null ? [] : AverageTensors.Targets(averages, updates)),
            IsOfFirstStage
        );
        if (averages is not null)
        {
            averages.Updates = updates.item<int>();
        }
    }

    /// <summary>
    /// Fills a first stage from a checkpoint of its own or of a latent diffusion model that contains it.
    /// </summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="firstStage">Receives the weights.</param>
    /// <param name="useAverages">Whether averages are taken where the checkpoint has averages of a first stage.</param>
    /// <exception cref="Errors.UserInputException">The tensors do not fit; nothing is changed.</exception>
    internal static void LoadWeights(IWeights file, FirstStage firstStage, bool useAverages)
    {
        const string Inside = ModelTensors.FirstStagePrefix;
        if (file.Shapes.Keys.Any(name => name.StartsWith(Inside, StringComparison.Ordinal)))
        {
            // Averages in such a file are the UNet's.
            ModuleState.Load(file, ModuleState.Of(firstStage, Inside), ModelTensors.IsOfFirstStage);
            return;
        }

        ModuleState.Load(file, ModuleState.Of(firstStage), IsOfFirstStage);
        if (useAverages && AverageTensors.AreIn(file))
        {
            ModuleState.Load(file, AverageTensors.Named(Parameters(firstStage)));
        }
    }

    private static bool IsOfFirstStage(string name) =>
        !name.StartsWith(AverageTensors.Prefix, StringComparison.Ordinal)
        && !name.StartsWith(LossPrefix, StringComparison.Ordinal);
}
