using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Features;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>Writes and opens weights that carry the description of their model in their metadata.</summary>
public static class ModelFile
{
    /// <summary>The name of the weights inside a checkpoint or model folder.</summary>
    public const string FileName = "model.safetensors";

    private const string ConfigKey = "ldm.model";
    private const string ExperimentKey = "ldm.experiment";
    private const string StepKey = "ldm.step";
    private const string VersionKey = "ldm.version";

    /// <summary>Writes a model.</summary>
    /// <param name="path">The file; replaced as a whole or not at all.</param>
    /// <param name="config">The description to build the model from.</param>
    /// <param name="tensors">Names and tensors, borrowed.</param>
    /// <param name="experiment">The resolved configuration of the run, as YAML.</param>
    /// <param name="step">Training steps done.</param>
    public static void Write(
        string path,
        ModelConfig config,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        string experiment,
        long step
    ) =>
        SafetensorsWriter.Write(
            path,
            tensors,
            new Dictionary<string, string>
            {
                ["format"] = "pt",
                [ConfigKey] = ConfigWriter.ToYaml(config),
                [ExperimentKey] = experiment,
                [StepKey] = step.ToString(CultureInfo.InvariantCulture),
                [VersionKey] = typeof(ModelFile).Assembly.GetName().Version?.ToString(3) ?? "",
            }
        );

    /// <summary>Reads the description that a file carries.</summary>
    /// <exception cref="UserInputException">The file carries none, or one that does not bind.</exception>
    public static ModelConfig ReadConfig(SafetensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.Metadata.TryGetValue(ConfigKey, out var yaml))
        {
            throw new UserInputException(
                $"{file.Path} does not say which model it is (no '{ConfigKey}' in its metadata): use a checkpoint "
                    + "that 'ldm train' wrote."
            );
        }

        return ConfigDocument.Parse(yaml, file.Path).Bind<ModelConfig>();
    }

    /// <summary>Loads the first stage of a model, whether it is an autoencoder or a complete diffusion model.</summary>
    /// <param name="path">A run folder, a model folder, or a file.</param>
    /// <exception cref="UserInputException">There is no such model.</exception>
    public static (FirstStage FirstStage, FirstStageModelConfig Config) LoadFirstStage(string path)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(path));
        if (ReadConfig(file) is not FirstStageModelConfig config)
        {
            throw new UserInputException(
                $"{path} is a classifier and has no first stage: give an autoencoder or a latent diffusion model."
            );
        }

        var prefix = config is LatentDiffusionModelConfig ? ModelTensors.FirstStagePrefix : "";
        var firstStage = Build(file, config.FirstStage.Build);
        try
        {
            ModuleState.Load(
                file,
                ModuleState.Of(firstStage, prefix),
                name => name.StartsWith(prefix, StringComparison.Ordinal)
            );
        }
        catch
        {
            firstStage.Dispose();
            throw;
        }

        firstStage.eval();
        return (firstStage, config);
    }

    /// <summary>Loads a latent diffusion model for sampling.</summary>
    /// <param name="path">A run folder, a model folder, or a file.</param>
    /// <param name="useAverages">Whether to sample with the averaged weights where there are any.</param>
    /// <exception cref="UserInputException">There is no such model, or it is of another kind.</exception>
    public static LatentDiffusionModel LoadLatentDiffusion(string path, bool useAverages = true)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(path));
        var description = ReadConfig(file);
        if (description is not LatentDiffusionModelConfig config)
        {
            throw new UserInputException(
                description is ClassifierModelConfig
                    ? $"{path} is a classifier, which makes no images: give a latent diffusion model."
                    : $"{path} is an autoencoder and cannot sample by itself: train a latent_diffusion model on it, or use "
                        + "'ldm reconstruct'."
            );
        }

        var model = Build(file, () => new LatentDiffusionModel(config));
        try
        {
            ModelTensors.Load(file, model, ema: null);
            if (useAverages)
            {
                ModelTensors.LoadAverages(file, model);
            }
        }
        catch
        {
            model.Dispose();
            throw;
        }

        model.Unet.eval();
        return model;
    }

    /// <summary>Loads a classifier as a source of features: for inference, its weights without gradients.</summary>
    /// <param name="path">A run folder, a model folder, or a file; its folder's name becomes the network's.</param>
    /// <exception cref="UserInputException">There is no such model, or it is no classifier.</exception>
    public static IFeatureNetwork LoadFeatureNetwork(string path)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(path));
        if (ReadConfig(file) is not ClassifierModelConfig config)
        {
            throw new UserInputException(
                $"{path} is no feature network: train one with 'ldm train configs/features/features.yaml' and give its "
                    + "run folder."
            );
        }

        using var classifier = Build(file, () => new FeatureClassifier(config.Network, config.Heads));
        ModuleState.Load(file, ModuleState.Of(classifier), _ => true);
        return new FeatureNetwork(classifier, NameOf(path));
    }

    private static string NameOf(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return Path.GetFileName(File.Exists(full) ? Path.GetDirectoryName(full)! : full);
    }

    private static T Build<T>(SafetensorsFile file, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (ArgumentException e)
        {
            throw new UserInputException($"{file.Path} describes a model that cannot be built: {e.Message}", e);
        }
    }
}
