using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Conversion;

/// <summary>A checkpoint with only one set of UNet weights, and without what only training needs.</summary>
internal sealed class ChosenWeights : IWeights
{
    private readonly IWeights _file;
    private readonly Dictionary<string, string> _sources = [];

    /// <param name="file">The checkpoint; stays the caller's.</param>
    /// <param name="choice">Which weights.</param>
    /// <exception cref="UserInputException">The averages are not complete.</exception>
    public ChosenWeights(IWeights file, WeightChoice choice)
    {
        _file = file;
        HasAverages = file.Shapes.Keys.Any(name => name.StartsWith(AverageTensors.Prefix, StringComparison.Ordinal));
        foreach (var name in file.Shapes.Keys)
        {
            if (choice == WeightChoice.All)
            {
                _sources[name] = name;
            }
            else if (!IsOfTraining(name))
            {
                _sources[name] = choice == WeightChoice.Ema && HasAverages ? AverageOf(name) : name;
            }
        }

        Shapes = _sources.ToDictionary(s => s.Key, s => file.Shapes[s.Value]);
    }

    /// <summary>Whether the checkpoint has averages.</summary>
    public bool HasAverages { get; }

    public string Path => _file.Path;

    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; }

    public IReadOnlyDictionary<string, string> Metadata => _file.Metadata;

    public ScalarType? TypeOf(string name) => _file.TypeOf(Source(name));

    public Tensor Read(string name) => _file.Read(Source(name));

    public void ReadInto(string name, Tensor target) => _file.ReadInto(Source(name), target);

    public void Dispose() { }

    private string Source(string name) =>
        _sources.TryGetValue(name, out var source)
            ? source
            : throw new UserInputException($"{Path}: there is no tensor {name} among the chosen weights.");

    // Averages are of the UNet in a diffusion model, and of all weights in a first stage on its own.
    private string AverageOf(string name)
    {
        const string Root = "model.";
        var isUnet = name.StartsWith(ModelTensors.UnetPrefix, StringComparison.Ordinal);
        if (!isUnet && _file.Shapes.ContainsKey(ModelTensors.UnetPrefix + "out.2.weight"))
        {
            return name;
        }

        var plain = isUnet ? name[Root.Length..] : name;
        var average = AverageTensors.Prefix + plain.Replace(".", "", StringComparison.Ordinal);
        return _file.Shapes.ContainsKey(average) ? average
            : isUnet ? throw new UserInputException($"{Path}: {name} has no average. Use --weights raw.")
            : name;
    }

    private static bool IsOfTraining(string name) =>
        name.StartsWith(AverageTensors.Prefix, StringComparison.Ordinal)
        || name.StartsWith("loss.", StringComparison.Ordinal)
        || name.StartsWith(ModelTensors.FirstStagePrefix + "loss.", StringComparison.Ordinal);
}
