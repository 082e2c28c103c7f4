namespace LatentDiffusion.Progress;

/// <summary>How far a long operation has come; reported through <see cref="IProgress{T}"/>.</summary>
/// <param name="Task">What is being done, for example "train autoencoder".</param>
/// <param name="Done">Finished units.</param>
/// <param name="Total">All units, or 0 when unknown.</param>
/// <param name="Detail">A short extra, for example "loss 0.123", or null.</param>
public sealed record StepProgress(string Task, double Done, double Total, string? Detail = null);
