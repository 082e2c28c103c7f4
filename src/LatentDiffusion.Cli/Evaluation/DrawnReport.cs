using System.Globalization;
using System.Text.Json.Serialization;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>How samples were drawn that a verb measured.</summary>
/// <param name="model">The model, as it was named.</param>
/// <param name="drawn">The samples.</param>
internal sealed class DrawnReport(string model, DrawnFeatures drawn)
{
    public string Model => model;

    public string Sampler => drawn.Request.Sampler;

    public int? Steps => drawn.Request.Steps;

    public double Guidance => drawn.Request.Guidance;

    public long Seed => drawn.Request.Seed;

    public double SecondsPerImage => Math.Round(drawn.SecondsPerImage, 5);

    public double ImagesPerSecond => Math.Round(1 / drawn.SecondsPerImage, 3);

    public string? Sheet => drawn.Sheet;

    [JsonIgnore]
    public string InWords =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Drawn by {Sampler}, guidance {Guidance}, seeds from {Seed}: {SecondsPerImage:0.###} s an image."
        ) + (Sheet is null ? "" : $"\nSheet: {Sheet}");
}
