using System.Globalization;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Diffusers;
using LatentDiffusion.Models.Foreign;

namespace LatentDiffusion.Models;

/// <summary>
/// The weights of a model from anywhere, under the names of CompVis' checkpoints, with its description: a file or folder
/// of this program, a published .ckpt or .safetensors with or without its YAML, or a folder of diffusers.
/// </summary>
public sealed class ModelSource : IDisposable
{
    private ModelSource(IWeights weights, ModelConfig config) => (Weights, Config) = (weights, config);

    /// <summary>The weights.</summary>
    public IWeights Weights { get; }

    /// <summary>The description to build the model from.</summary>
    public ModelConfig Config { get; }

    /// <summary>The scale factor where the weights have no tensor of it.</summary>
    public double ScaleFactor { get; private init; } = 1;

    /// <summary>The vocabularies that came with the weights; null when they are in files that the description names.</summary>
    public IReadOnlyList<string>? Vocabularies { get; private init; }

    /// <summary>What was assumed about a model that does not describe itself, in words.</summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>Opens a model.</summary>
    /// <param name="path">A run folder, a model folder, a folder of diffusers, or a file.</param>
    /// <param name="options">What the path alone does not say, or null.</param>
    /// <exception cref="UserInputException">There is no such model, or it is not known what it is.</exception>
    public static ModelSource Open(string path, ModelOptions? options = null)
    {
        if (DiffusersFolder.IsOne(path))
        {
            return OpenDiffusers(path, options);
        }

        var file = WeightsFile.Open(ModelLocation.Resolve(path));
        try
        {
            return file.Metadata.TryGetValue(ModelFile.ConfigKey, out var yaml) && options?.Config is null
                ? OpenOwn(file, yaml)
                : OpenForeign(file, options);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    /// <summary>What a checkpoint of CompVis' names is, by its YAML or by its tensors.</summary>
    internal static ForeignDescription Describe(IWeights file, string? config)
    {
        var path = config ?? ConfigBeside(file.Path);
        if (path is null)
        {
            return DetectedDescription.Of(file);
        }

        var document = ConfigDocument.Load(path);
        if (!CompVisConfig.IsOne(document))
        {
            throw new UserInputException($"{path} is no configuration of a CompVis model: 'model.target' is missing.");
        }

        var description = CompVisConfig.Translate(document);
        return description with { Notes = [$"described by {path}", .. description.Notes] };
    }

    private static ModelSource OpenOwn(IWeights file, string yaml) =>
        new(file, ConfigDocument.Parse(yaml, file.Path).Bind<ModelConfig>())
        {
            Vocabularies = ModelVocabularies.Of(file.Metadata) is { Count: > 0 } found ? found : null,
            ScaleFactor = double.TryParse(
                file.Metadata.GetValueOrDefault(ModelFile.ScaleKey),
                CultureInfo.InvariantCulture,
                out var scale
            )
                ? scale
                : 1,
        };

    private static ModelSource OpenForeign(IWeights file, ModelOptions? options)
    {
        var description = Describe(file, options?.Config);
        return new ModelSource(file, description.ToConfig(file.Path, options?.Tokenizer))
        {
            ScaleFactor = description.ScaleFactor,
            Notes = description.Notes,
        };
    }

    private static ModelSource OpenDiffusers(string path, ModelOptions? options)
    {
        var folder = DiffusersFolder.Open(path);
        try
        {
            return new ModelSource(folder.Weights, folder.Description.ToConfig(path, options?.Tokenizer))
            {
                ScaleFactor = folder.Description.ScaleFactor,
                Notes = folder.Description.Notes,
            };
        }
        catch
        {
            folder.Weights.Dispose();
            throw;
        }
    }

    // As the published models come: model.ckpt with config.yaml, or NAME.ckpt with NAME.yaml.
    private static string? ConfigBeside(string weights)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(weights))!;
        return new[] { Path.ChangeExtension(weights, ".yaml"), Path.Combine(folder, "config.yaml") }.FirstOrDefault(
            path => File.Exists(path) && IsOfCompVis(path)
        );
    }

    // Any other file of that name is not meant.
    private static bool IsOfCompVis(string path)
    {
        try
        {
            return CompVisConfig.IsOne(ConfigDocument.Load(path));
        }
        catch (ConfigException)
        {
            return false;
        }
    }
}
