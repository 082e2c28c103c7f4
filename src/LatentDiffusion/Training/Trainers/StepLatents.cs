namespace LatentDiffusion.Training.Trainers;

/// <summary>The latents of a session's steps: opened once, at the sample that its first step begins with.</summary>
/// <param name="samplesPerStep">Samples that every step takes.</param>
/// <param name="open">Opens the latents at a sample number.</param>
internal sealed class StepLatents(int samplesPerStep, Func<long, ILatentSource> open) : IDisposable
{
    private ILatentSource? _source;

    /// <summary>What gives the batches of a session that begins with <paramref name="step"/>, or has begun before.</summary>
    public ILatentSource From(long step) => _source ??= open(step * samplesPerStep);

    public void Dispose() => _source?.Dispose();
}
