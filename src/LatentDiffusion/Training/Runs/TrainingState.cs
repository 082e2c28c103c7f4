using System.Text.Json;
using System.Text.Json.Serialization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Training.Runs;

/// <summary>Where a run stands, besides its tensors.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Seed">The run's seed. Every random number is a function of it and of the step.</param>
/// <param name="NextSample">Number of the next training sample over all epochs: the loader's position.</param>
/// <param name="OptimizerSteps">Steps the optimiser has taken.</param>
internal sealed record TrainingState(long Step, long Seed, long NextSample, long OptimizerSteps)
{
    private const string FileName = "trainer.json";

    /// <summary>How often each code of a codebook was chosen since codes were last moved; null without a codebook.</summary>
    public IReadOnlyList<long>? CodebookCounts { get; init; }

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
    };

    public void Write(string folder) =>
        AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Options) + "\n");

    public static TrainingState Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            return JsonSerializer.Deserialize<TrainingState>(File.ReadAllText(path), Options)
                ?? throw new JsonException("it is empty");
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException)
        {
            throw new UserInputException(
                $"{path} cannot be read ({e.Message}): delete the folder {folder} to resume from the checkpoint before it.",
                e
            );
        }
    }
}
