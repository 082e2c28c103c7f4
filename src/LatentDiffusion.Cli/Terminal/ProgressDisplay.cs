using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Terminal;

/// <summary>Shows progress reports until disposed. Operations shorter than two seconds leave no trace.</summary>
internal abstract class ProgressDisplay : IProgress<StepProgress>, IDisposable
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public abstract void Report(StepProgress value);

    public abstract void Dispose();
}

/// <summary>Shows nothing.</summary>
internal sealed class SilentProgress : ProgressDisplay
{
    public override void Report(StepProgress value) { }

    public override void Dispose() { }
}
