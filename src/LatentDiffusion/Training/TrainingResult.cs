namespace LatentDiffusion.Training;

/// <summary>How a training session ended.</summary>
/// <param name="RunFolder">The run's folder.</param>
/// <param name="Step">Steps done in all sessions together.</param>
/// <param name="StepsThisSession">Steps done now.</param>
/// <param name="Elapsed">Time of this session's steps, without what came before the first or after the last.</param>
/// <param name="Loss">The last step's loss; NaN when no step was done.</param>
public sealed record TrainingResult(string RunFolder, long Step, long StepsThisSession, TimeSpan Elapsed, double Loss)
{
    /// <summary>Images of an epoch; null for a feature network, which has several sources.</summary>
    public int? EpochImages { get; init; }
}

/// <summary>When to stop a session short of the configured steps.</summary>
/// <param name="Steps">After this many steps of the whole run, or null.</param>
/// <param name="Time">After this much time of this session's steps, or null.</param>
public sealed record TrainingLimit(long? Steps = null, TimeSpan? Time = null);
