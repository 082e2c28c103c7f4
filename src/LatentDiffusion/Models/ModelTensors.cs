using LatentDiffusion.Checkpoints;
using LatentDiffusion.Diffusion;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>The tensors of a latent diffusion model under the names of published checkpoints.</summary>
public static class ModelTensors
{
    /// <summary>Before the UNet's names.</summary>
    public const string UnetPrefix = "model.diffusion_model.";

    /// <summary>Before the first stage's names.</summary>
    public const string FirstStagePrefix = "first_stage_model.";

    /// <summary>Before the conditioner's names.</summary>
    public const string ConditionerPrefix = "cond_stage_model.";

    /// <summary>The name of learned log variances.</summary>
    internal const string LogVariances = "logvar";

    // Averages are named as below the reference's wrapper of the UNet.
    private const string EmaRoot = "model.";

    /// <summary>The name of the scale factor.</summary>
    internal const string ScaleFactor = "scale_factor";

    /// <summary>Everything that a checkpoint of the model holds; new tensors belong to the current dispose scope.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ema">Averages of its UNet, or null.</param>
    public static IEnumerable<KeyValuePair<string, Tensor>> Of(
        LatentDiffusionModel model,
        ExponentialMovingAverage? ema
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        return Buffers(model).Concat(Weights(model)).Concat(ema is null ? [] : AverageTensors.Of(ema, EmaRoot));
    }

    /// <summary>Fills a model, and averages where given, from a checkpoint.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="model">Receives weights and scale factor.</param>
    /// <param name="ema">Receives the averages and their count, or null.</param>
    /// <exception cref="Errors.UserInputException">The tensors do not fit.</exception>
    public static void Load(IWeights file, LatentDiffusionModel model, ExponentialMovingAverage? ema)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(model);
        using var scope = NewDisposeScope();
        var scale = tensor(1.0, dtype: float64);
        var updates = tensor(0, dtype: int32);
        var targets = Weights(model);
        if (file.Shapes.ContainsKey(ScaleFactor))
        {
            targets = targets.Append(KeyValuePair.Create(ScaleFactor, scale));
        }

        if (ema is not null)
        {
            targets = targets.Concat(AverageTensors.Targets(ema, updates, EmaRoot));
        }

        ModuleState.Load(file, targets, name => IsOf(model, name));
        model.ScaleFactor = scale.item<double>();
        if (ema is not null)
        {
            ema.Updates = updates.item<int>();
        }
    }

    /// <summary>Replaces the UNet's weights by their averages, where a checkpoint has averages.</summary>
    /// <returns>Whether it has.</returns>
    public static bool LoadAverages(IWeights file, LatentDiffusionModel model)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(model);
        if (!AverageTensors.AreIn(file))
        {
            return false;
        }

        ModuleState.Load(file, AverageTensors.Named(model.UnetParameters(), EmaRoot));
        return true;
    }

    /// <summary>Fills a model for sampling: the averages, where there are any, in the place of the UNet's weights.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="model">Receives weights and scale factor.</param>
    /// <param name="useAverages">Whether averages are wanted.</param>
    /// <param name="scaleFactor">The scale factor where the checkpoint has none.</param>
    /// <exception cref="Errors.UserInputException">The tensors do not fit.</exception>
    internal static void Load(IWeights file, LatentDiffusionModel model, bool useAverages, double scaleFactor)
    {
        Load(file, model, ema: null);
        if (useAverages)
        {
            LoadAverages(file, model);
        }

        if (!file.Shapes.ContainsKey(ScaleFactor))
        {
            model.ScaleFactor = scaleFactor;
        }
    }

    /// <summary>
    /// Takes the UNet's weights (their averages, where there are any), the conditioner's and the scale factor from a
    /// checkpoint; the first stage stays.
    /// </summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="model">Receives weights and scale factor.</param>
    /// <param name="withConditioner">Whether the conditioner's weights are wanted.</param>
    /// <exception cref="Errors.UserInputException">The tensors do not fit.</exception>
    internal static void LoadDenoiser(IWeights file, LatentDiffusionModel model, bool withConditioner)
    {
        using var scale = tensor(1.0, dtype: float64);
        // Log variances are of the run that learned them; another may have none.
        var targets = Denoiser(model)
            .Where(t => t.Key != LogVariances || file.Shapes.ContainsKey(LogVariances))
            .Where(t => withConditioner || !IsOfConditioner(t.Key));
        if (file.Shapes.ContainsKey(ScaleFactor))
        {
            targets = targets.Append(KeyValuePair.Create(ScaleFactor, scale));
        }

        ModuleState.Load(
            file,
            targets,
            name =>
                name.StartsWith(UnetPrefix, StringComparison.Ordinal)
                || (withConditioner && model.Conditioner?.Network is not null && IsOfConditioner(name))
        );
        LoadAverages(file, model);
        model.ScaleFactor = scale.item<double>();
    }

    /// <summary>Whether a tensor of a checkpoint must have a place in a model.</summary>
    internal static bool IsOf(LatentDiffusionModel model, string name) =>
        name.StartsWith(UnetPrefix, StringComparison.Ordinal)
        || IsOfFirstStage(name)
        || (model.Conditioner?.Network is not null && IsOfConditioner(name));

    /// <summary>Whether a tensor is the first stage's, and not of what only its training needs.</summary>
    internal static bool IsOfFirstStage(string name) =>
        name.StartsWith(FirstStagePrefix, StringComparison.Ordinal)
        && !name.StartsWith(FirstStagePrefix + "loss.", StringComparison.Ordinal)
        && !name.StartsWith(FirstStagePrefix + AverageTensors.Prefix, StringComparison.Ordinal);

    // CLIP's table of 0, 1, 2, ... says nothing.
    internal static bool IsOfConditioner(string name) =>
        name.StartsWith(ConditionerPrefix, StringComparison.Ordinal)
        && !name.EndsWith(".position_ids", StringComparison.Ordinal);

    private static IEnumerable<KeyValuePair<string, Tensor>> Weights(LatentDiffusionModel model) =>
        Denoiser(model).Concat(ModuleState.Of(model.FirstStage, FirstStagePrefix));

    private static IEnumerable<KeyValuePair<string, Tensor>> Denoiser(LatentDiffusionModel model) =>
        ModuleState
            .Of(model.Unet, UnetPrefix)
            .Concat(model.Conditioner?.Network is { } conditioner ? ModuleState.Of(conditioner, ConditionerPrefix) : [])
            .Concat(model.LogVariances is { } learned ? [KeyValuePair.Create(LogVariances, learned)] : []);

    private static IEnumerable<KeyValuePair<string, Tensor>> Buffers(LatentDiffusionModel model) =>
        model.Process.Buffers.Append(KeyValuePair.Create(ScaleFactor, tensor(model.ScaleFactor, dtype: float64)));
}
