using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Detection;
using LatentDiffusion.Models.Diffusers;
using LatentDiffusion.Models.Foreign;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Text;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Conversion;

/// <summary>A model to look at or convert: open, described as far as possible, not built.</summary>
internal sealed class OpenedModel : IDisposable
{
    private readonly ModelConfig? _own;

    private OpenedModel(IWeights weights, ForeignDescription description, ModelConfig? own)
    {
        (Weights, Description, _own) = (weights, description, own);
        ScaleFactor = ReadScale() ?? description.ScaleFactor;
    }

    public IWeights Weights { get; }

    public ForeignDescription Description { get; }

    /// <summary>The scale factor: the weights' where they have one.</summary>
    public double ScaleFactor { get; }

    /// <summary>Whether the weights come from a file of torch.save.</summary>
    public bool IsTorch => Weights is TorchFile;

    /// <summary>Opens a model.</summary>
    /// <exception cref="UserInputException">There is no such model, or the file is damaged.</exception>
    public static OpenedModel Open(string path, string? config)
    {
        if (DiffusersFolder.IsOne(path))
        {
            var folder = DiffusersFolder.Open(path);
            return new OpenedModel(folder.Weights, folder.Description, own: null);
        }

        var file = WeightsFile.Open(ModelLocation.Resolve(path));
        try
        {
            if (config is null && file.Metadata.TryGetValue(ModelFile.ConfigKey, out var yaml))
            {
                var own = ConfigDocument.Parse(yaml, file.Path).Bind<ModelConfig>();
                var shape = ModelArchitecture.Detect(file.Shapes).Conditioner;
                var scale = double.TryParse(
                    file.Metadata.GetValueOrDefault(ModelFile.ScaleKey),
                    System.Globalization.CultureInfo.InvariantCulture,
                    out var stated
                )
                    ? stated
                    : 1;
                return new OpenedModel(
                    file,
                    own is FirstStageModelConfig model and not NoisyClassifierModelConfig
                        ? ForeignDescription.Of(model, shape, scale)
                        : new ForeignDescription(),
                    own
                );
            }

            return new OpenedModel(file, ModelSource.Describe(file, config), own: null);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>How the tensors compare with those of the model that is described.</summary>
    public TensorReport Compare()
    {
        var expected = Description.Shapes();
        return expected.Count == 0
            ? new TensorReport([], [], [])
            : TensorReport.Compare(Weights.Shapes, expected, Description.Owns);
    }

    /// <summary>Our own description of the model; null where it has none, with a note why.</summary>
    public ModelConfig? OwnConfig(string? tokenizerFolder, List<string> notes)
    {
        if (_own is not null)
        {
            return _own;
        }

        try
        {
            return Description.Unet is null && Description.FirstStage is null
                ? null
                : Description.ToConfig(Weights.Path, tokenizerFolder);
        }
        catch (UserInputException e)
        {
            notes.Add(e.Message);
            return null;
        }
    }

    /// <summary>The model's tokenizer; null where it has none or its vocabulary is missing, with a note.</summary>
    public ITokenizer? Tokenizer(string? folder, List<string> notes)
    {
        var config = (OwnConfig(folder, []) as LatentDiffusionModelConfig)
            ?.Conditioner?.Singles.Select(single =>
                single switch
                {
                    TextTransformerConfig text => text.Tokenizer,
                    ClipTextConfig clip => clip.Tokenizer,
                    _ => null,
                }
            )
            .FirstOrDefault(tokenizer => tokenizer is not null);
        if (config is null)
        {
            return null;
        }

        try
        {
            return ModelVocabularies.Of(Weights.Metadata) is [var vocabulary, ..]
                ? config.Restore(vocabulary, Weights.Path)
                : config.Open();
        }
        catch (UserInputException e)
        {
            var note = $"without a vocabulary: {e.Message}";
            if (!notes.Contains(note))
            {
                notes.Add(note);
            }

            return null;
        }
    }

    public void Dispose() => Weights.Dispose();

    private double? ReadScale()
    {
        if (
            !Weights.Shapes.TryGetValue(ModelTensors.ScaleFactor, out var shape)
            || shape.Aggregate(1L, (product, size) => product * size) != 1
        )
        {
            return null;
        }

        using var scale = Weights.Read(ModelTensors.ScaleFactor).to(float64);
        return scale.item<double>();
    }
}
