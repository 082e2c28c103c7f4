using System.Diagnostics;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Drawing;

/// <summary>How long it takes from its creation until the first sampler step is done, which is when something happens.</summary>
internal sealed class FirstStepClock
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>The time until the model was loaded.</summary>
    public TimeSpan Loading { get; private set; }

    /// <summary>The time until the first step was done; null before.</summary>
    public TimeSpan? FirstStep { get; private set; }

    /// <summary>Notes that the model is loaded.</summary>
    public void Loaded() => Loading = Stopwatch.GetElapsedTime(_start);

    /// <summary>Passes reports on and notes the time of the first one.</summary>
    public IProgress<StepProgress> Watch(IProgress<StepProgress> shown) => new Watched(this, shown);

    /// <summary>For people who had to wait; null where it went quickly.</summary>
    public string? InWords() =>
        FirstStep is { } time && time >= Patience
            ? FormattableString.Invariant(
                $"The first step was done after {time.TotalSeconds:0.0} s, of which loading took {Loading.TotalSeconds:0.0} s."
            )
            : null;

    private sealed class Watched(FirstStepClock clock, IProgress<StepProgress> shown) : IProgress<StepProgress>
    {
        public void Report(StepProgress value)
        {
            clock.FirstStep ??= Stopwatch.GetElapsedTime(clock._start);
            shown.Report(value);
        }
    }
}
