using System.Globalization;
using System.Text.Json.Serialization;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Evaluation;

/// <summary>What <c>ldm evaluate likelihood</c> tells.</summary>
/// <param name="summary">The measurement.</param>
/// <param name="model">The model, as it was given.</param>
/// <param name="size">Side of the images.</param>
/// <param name="every">Timesteps per evaluation.</param>
internal sealed class LikelihoodReport(LikelihoodSummary summary, string model, int size, int every)
{
    public int Count => summary.Count;

    public int Size => size;

    public double BitsPerDim => Math.Round(summary.BitsPerDim, 6);

    public double StandardError => Math.Round(summary.StandardError, 6);

    /// <summary>L_T. So small that rounding to six places would leave nothing.</summary>
    public double PriorBpd => summary.Prior;

    public double DiffusionBpd => Math.Round(summary.Diffusion, 6);

    public double DecoderBpd => Math.Round(summary.Decoder, 6);

    /// <summary>"pixels" or "continuous": what <see cref="DecoderBpd"/> scores.</summary>
    public BoundDecoder Decoder => summary.Kind;

    public IReadOnlyList<LikelihoodTerm> Terms => summary.Terms;

    public int Dimensions => summary.Dimensions;

    public int TimestepsEvery => every;

    public string Model => model;

    [JsonIgnore]
    public string InWords
    {
        get
        {
            var what =
                summary.Kind == BoundDecoder.Pixels
                    ? "pixels"
                    : "scaled latents; compare only models with the same first stage";
            string[] lines =
            [
                $"{(Count == 1 ? "1 image" : $"{Count} images")} at {size}x{size}, {Dimensions} dimensions ({what}):",
                $"  bound    {Number(BitsPerDim)} +- {Number(StandardError)} bits per dimension",
                $"  L_T      {summary.Prior.ToString("g4", CultureInfo.InvariantCulture)}",
                $"  L_t      {Number(DiffusionBpd)}",
                $"  L_0      {Number(DecoderBpd)}",
                .. Terms.Select(t => $"    t {t.First, 4} to {t.Last, 4}  {Number(t.BitsPerDim)}"),
            ];
            return string.Join('\n', lines);
        }
    }

    private static string Number(double value) => value.ToString("f4", CultureInfo.InvariantCulture);
}
