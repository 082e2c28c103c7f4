using LatentDiffusion.Checkpoints;
using LatentDiffusion.Diffusion;
using static TorchSharp.torch;

namespace LatentDiffusion.Models;

/// <summary>Averaged weights under the names of published checkpoints (the reference's LitEma).</summary>
internal static class AverageTensors
{
    /// <summary>Before the averages' names.</summary>
    public const string Prefix = "model_ema.";

    private const string Updates = Prefix + "num_updates";
    private const string Decay = Prefix + "decay";

    /// <summary>Averages, decay and count; the latter two belong to the current dispose scope.</summary>
    /// <param name="averages">The averages.</param>
    /// <param name="root">What the parameters' names begin with and the averages' names leave out.</param>
    public static IEnumerable<KeyValuePair<string, Tensor>> Of(ExponentialMovingAverage averages, string root = "") =>
        Shadows(averages, root)
            .Append(KeyValuePair.Create(Decay, tensor((float)averages.Decay)))
            .Append(KeyValuePair.Create(Updates, tensor(averages.Updates, dtype: int32)));

    /// <summary>What <see cref="ModuleState.Load"/> fills to restore averages.</summary>
    /// <param name="averages">Receive the shadows.</param>
    /// <param name="updates">Receives the count; an int32 scalar.</param>
    /// <param name="root">See <see cref="Of"/>.</param>
    public static IEnumerable<KeyValuePair<string, Tensor>> Targets(
        ExponentialMovingAverage averages,
        Tensor updates,
        string root = ""
    ) => Shadows(averages, root).Append(KeyValuePair.Create(Updates, updates));

    /// <summary>Parameters under the names that their averages have in a checkpoint.</summary>
    /// <param name="parameters">Names and parameters.</param>
    /// <param name="root">See <see cref="Of"/>.</param>
    public static IEnumerable<KeyValuePair<string, Tensor>> Named(
        IEnumerable<(string Name, Tensor Parameter)> parameters,
        string root = ""
    ) => parameters.Select(p => KeyValuePair.Create(NameOf(p.Name, root), p.Parameter));

    /// <summary>Whether a checkpoint holds averages.</summary>
    public static bool AreIn(IWeights file) => file.Shapes.ContainsKey(Updates);

    private static IEnumerable<KeyValuePair<string, Tensor>> Shadows(ExponentialMovingAverage averages, string root) =>
        averages.Shadows.Select(s => KeyValuePair.Create(NameOf(s.Key, root), s.Value));

    // Without its dots a name cannot be parsed back.
    private static string NameOf(string parameter, string root) =>
        Prefix + parameter[root.Length..].Replace(".", "", StringComparison.Ordinal);
}
