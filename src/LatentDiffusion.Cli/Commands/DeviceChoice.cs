using System.Globalization;

namespace LatentDiffusion.Cli.Commands;

/// <summary>The device named on the command line; whether it exists is not known yet.</summary>
/// <param name="IsCuda">A CUDA device; the processor otherwise.</param>
/// <param name="Index">Which CUDA device.</param>
internal sealed record DeviceChoice(bool IsCuda, int Index)
{
    public static DeviceChoice Cpu { get; } = new(IsCuda: false, 0);

    /// <summary>Reads <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; null for anything else.</summary>
    public static DeviceChoice? TryParse(string text) =>
        text switch
        {
            "cpu" => Cpu,
            "cuda" => new DeviceChoice(IsCuda: true, 0),
            _ when text.StartsWith("cuda:", StringComparison.Ordinal)
                    && int.TryParse(text[5..], NumberStyles.None, CultureInfo.InvariantCulture, out var index) =>
                new DeviceChoice(IsCuda: true, index),
            _ => null,
        };

    public override string ToString() => IsCuda ? $"cuda:{Index}" : "cpu";
}
