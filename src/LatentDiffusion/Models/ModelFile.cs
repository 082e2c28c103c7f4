using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Configuration;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Loras;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>Writes and opens weights that carry the description of their model in their metadata.</summary>
public static class ModelFile
{
    /// <summary>The name of the weights inside a checkpoint or model folder.</summary>
    public const string FileName = "model.safetensors";

    internal const string ConfigKey = "ldm.model";
    internal const string ScaleKey = "ldm.scale_factor";
    private const string ExperimentKey = "ldm.experiment";
    private const string StepKey = "ldm.step";
    private const string VersionKey = "ldm.version";

    /// <summary>Writes a model.</summary>
    /// <param name="path">The file; replaced as a whole or not at all.</param>
    /// <param name="config">The description to build the model from.</param>
    /// <param name="tensors">Names and tensors, borrowed.</param>
    /// <param name="experiment">The resolved configuration of the run, as YAML.</param>
    /// <param name="step">Training steps done.</param>
    /// <param name="vocabularies">The vocabularies of its tokenizers in order, without which it reads no text.</param>
    public static void Write(
        string path,
        ModelConfig config,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        string experiment,
        long step,
        IReadOnlyList<string>? vocabularies = null
    ) => WriteDescribed(path, ConfigWriter.ToYaml(config), tensors, experiment, step, vocabularies);

    /// <summary>Writes a model whose description is YAML already; otherwise as <see cref="Write"/>.</summary>
    internal static void WriteDescribed(
        string path,
        string description,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        string experiment,
        long step,
        IReadOnlyList<string>? vocabularies
    )
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "pt",
            [ConfigKey] = description,
            [ExperimentKey] = experiment,
            [StepKey] = step.ToString(CultureInfo.InvariantCulture),
            [VersionKey] = typeof(ModelFile).Assembly.GetName().Version?.ToString(3) ?? "",
        };
        ModelVocabularies.AddTo(metadata, vocabularies ?? []);
        SafetensorsWriter.Write(path, tensors, metadata);
    }

    /// <summary>Whether a path names a model of ours: a folder, or a file that says which model it is.</summary>
    internal static bool IsDescribed(string path)
    {
        if (Directory.Exists(path))
        {
            return true;
        }

        if (!File.Exists(path) || !path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        using var file = SafetensorsFile.Open(path, verify: false);
        return file.Metadata.ContainsKey(ConfigKey);
    }

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

    /// <summary>The configuration of the run that wrote a file, as YAML; empty when it does not say.</summary>
    internal static string ExperimentOf(SafetensorsFile file) => file.Metadata.GetValueOrDefault(ExperimentKey, "");

    /// <summary>How many training steps a file's weights have seen; 0 when it does not say.</summary>
    internal static long StepOf(SafetensorsFile file) =>
        long.TryParse(
            file.Metadata.GetValueOrDefault(StepKey),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var step
        )
            ? step
            : 0;

    /// <summary>Loads the first stage of a model, whether it is an autoencoder or a complete diffusion model.</summary>
    /// <param name="path">A run folder, a model folder, a folder of diffusers, or a file.</param>
    /// <param name="useAverages">Whether to take an autoencoder's averaged weights where there are any.</param>
    /// <param name="options">What the path alone does not say, or null.</param>
    /// <exception cref="UserInputException">There is no such model, or its tensors do not fit its description.</exception>
    public static (FirstStage FirstStage, FirstStageModelConfig Config) LoadFirstStage(
        string path,
        bool useAverages = true,
        ModelOptions? options = null
    )
    {
        using var source = ModelSource.Open(path, options);
        if (source.Config is not FirstStageModelConfig config)
        {
            throw new UserInputException(
                $"{path} is a classifier and has no first stage: give an autoencoder or a latent diffusion model."
            );
        }

        var firstStage = Build(path, () => InitialWeights.LeaveOut(config.FirstStage.Build));
        try
        {
            FirstStageTensors.LoadWeights(source.Weights, firstStage, useAverages);
        }
        catch
        {
            firstStage.Dispose();
            throw;
        }

        firstStage.eval();
        return (firstStage, config);
    }

    /// <summary>Fills a first stage with the weights of a trained one, to train it further.</summary>
    /// <param name="path">
    /// A run folder, a model folder, or a file, of an autoencoder or of a diffusion model that contains one. Averaged
    /// weights are taken where there are any.
    /// </param>
    /// <param name="firstStage">Receives the weights.</param>
    /// <exception cref="UserInputException">There is no such model, or names or shapes differ.</exception>
    public static void LoadFirstStageInto(string path, FirstStage firstStage)
    {
        using var source = ModelSource.Open(path);
        FirstStageTensors.LoadWeights(source.Weights, firstStage, useAverages: true);
    }

    /// <summary>
    /// Fills the UNet and the conditioner of a model with the weights of a trained one, to train them further, and takes
    /// its scale factor. The first stage stays; so does a conditioner of another kind than the trained model's.
    /// </summary>
    /// <param name="path">
    /// A run folder, a model folder, or a file. Averaged weights are taken where there are any.
    /// </param>
    /// <param name="model">Receives the weights.</param>
    /// <returns>Whether the conditioner's weights were taken.</returns>
    /// <exception cref="UserInputException">There is no such model, or names or shapes differ.</exception>
    public static bool LoadDenoiserInto(string path, LatentDiffusionModel model)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(path));
        if (!file.Tensors.Keys.Any(name => name.StartsWith(ModelTensors.UnetPrefix, StringComparison.Ordinal)))
        {
            throw new UserInputException(
                $"{file.Path} has no UNet (no tensor '{ModelTensors.UnetPrefix}...') to start from: name a latent diffusion "
                    + "model, or remove 'init_from'."
            );
        }

        var withConditioner = !HasOtherCondition(file, model);
        if (withConditioner)
        {
            ModelVocabularies.Check(file, model);
            ModelLabels.Check(file, model);
        }

        ModelTensors.LoadDenoiser(file, model, withConditioner);
        return withConditioner;
    }

    /// <summary>Loads a latent diffusion model for sampling.</summary>
    /// <param name="path">A run folder, a model folder, a folder of diffusers, or a file, also a published one.</param>
    /// <param name="useAverages">Whether to sample with the averaged weights where there are any.</param>
    /// <param name="options">What the path alone does not say, or null.</param>
    /// <exception cref="UserInputException">There is no such model, or it is of another kind.</exception>
    public static LatentDiffusionModel LoadLatentDiffusion(
        string path,
        bool useAverages = true,
        ModelOptions? options = null
    )
    {
        using var source = ModelSource.Open(path, options);
        if (source.Config is not LatentDiffusionModelConfig config)
        {
            throw new UserInputException(
                source.Config is ClassifierModelConfig or NoisyClassifierModelConfig
                    ? $"{path} is a classifier, which makes no images: give a latent diffusion model."
                    : $"{path} is an autoencoder and cannot sample by itself: train a latent_diffusion model on it, or use "
                        + "'ldm reconstruct'."
            );
        }

        var model = Build(
            path,
            () => InitialWeights.LeaveOut(() => new LatentDiffusionModel(config, vocabularies: source.Vocabularies))
        );
        try
        {
            ModelTensors.Load(source.Weights, model, useAverages, source.ScaleFactor);
            foreach (var lora in options?.Loras ?? [])
            {
                LoraMerge.Add(lora, model);
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

    /// <summary>Loads a classifier of noisy latents, for guidance: its weights need no gradients.</summary>
    /// <param name="path">A run folder, a model folder, or a file.</param>
    /// <exception cref="UserInputException">There is no such model, or it is of another kind.</exception>
    public static NoisyLatentClassifier LoadNoisyClassifier(string path)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(path));
        if (ReadConfig(file) is not NoisyClassifierModelConfig config)
        {
            throw new UserInputException(
                $"{path} is no classifier of noisy latents: train one with 'kind: noisy_classifier' and give its run folder."
            );
        }

        var model = Build(file.Path, () => new NoisyLatentClassifier(config));
        try
        {
            NoisyClassifierTensors.Load(file, model, withFirstStage: true);
        }
        catch
        {
            model.Dispose();
            throw;
        }

        model.Network.eval();
        foreach (var parameter in model.Network.parameters())
        {
            parameter.requires_grad_(false);
        }

        return model;
    }

    /// <summary>
    /// Fills a classifier of noisy latents with the weights of a trained one, to train it further, and takes its scale
    /// factor. The first stage stays.
    /// </summary>
    /// <param name="path">A run folder, a model folder, or a file.</param>
    /// <param name="model">Receives the weights.</param>
    /// <exception cref="UserInputException">There is no such model, or names or shapes differ.</exception>
    internal static void LoadNoisyClassifierInto(string path, NoisyLatentClassifier model)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(path));
        NoisyClassifierTensors.Load(file, model, withFirstStage: false);
    }

    /// <summary>What a classifier must share with a latent diffusion model to guide it; null for a model of another kind.</summary>
    /// <param name="path">A run folder, a model folder, or a file.</param>
    internal static (NoiseScheduleConfig Schedule, double ScaleFactor)? ReadGuided(string path)
    {
        using var file = SafetensorsFile.Open(ModelLocation.Resolve(path));
        if (ReadConfig(file) is not LatentDiffusionModelConfig config)
        {
            return null;
        }

        using var scale = file.Tensors.ContainsKey(ModelTensors.ScaleFactor)
            ? file.Read(ModelTensors.ScaleFactor)
            : null;
        return (config.Schedule, scale?.to(float64).item<double>() ?? 1);
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

        using var classifier = Build(file.Path, () => new FeatureClassifier(config.Network, config.Heads));
        ModuleState.Load(file, ModuleState.Of(classifier), _ => true);
        return new FeatureNetwork(classifier, NameOf(path));
    }

    // Two kinds may have weights of the same names, whose meaning differs all the same.
    private static bool HasOtherCondition(SafetensorsFile file, LatentDiffusionModel model) =>
        file.Metadata.ContainsKey(ConfigKey)
        && ReadConfig(file) is LatentDiffusionModelConfig config
        && config.Conditioner?.GetType() != model.Config.Conditioner?.GetType();

    private static string NameOf(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return Path.GetFileName(File.Exists(full) ? Path.GetDirectoryName(full)! : full);
    }

    private static T Build<T>(string path, Func<T> build)
    {
        try
        {
            return build();
        }
        catch (ArgumentException e)
        {
            throw new UserInputException($"{path} describes a model that cannot be built: {e.Message}", e);
        }
    }
}
