using LatentDiffusion.Models;

namespace LatentDiffusion.Pipelines.Provenance;

/// <summary>What a request does not tell about a picture.</summary>
/// <param name="Model">The model that drew it.</param>
/// <param name="Threads">Processor threads.</param>
/// <param name="Start">The image it was started from, or null.</param>
/// <param name="Condition">The files of its condition, or null.</param>
/// <param name="Loading">How the model was opened, where that was not by its path alone.</param>
public sealed record GenerationOrigin(
    ModelIdentity Model,
    int Threads,
    RecordedStart? Start = null,
    RecordedCondition? Condition = null,
    ModelOptions? Loading = null
);
