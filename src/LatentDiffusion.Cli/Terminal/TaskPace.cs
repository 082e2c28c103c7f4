using System.Globalization;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Terminal;

/// <summary>How fast one task goes and when it will be done, from its reports so far.</summary>
/// <remarks>
/// The first report is the base line: a resumed run starts in the middle, and the first step pays for warming up.
/// </remarks>
internal sealed class TaskPace
{
    private const double MaximumSeconds = 1e9;

    private readonly double _firstDone;
    private readonly TimeSpan _firstTime;
    private TimeSpan _lastTime;

    public TaskPace(StepProgress first, TimeSpan time)
    {
        _firstDone = first.Done;
        _firstTime = time;
        Last = first;
        _lastTime = time;
    }

    public StepProgress Last { get; private set; }

    /// <summary>Units per second, or null before anything can be said.</summary>
    public double? Rate =>
        Last.Done > _firstDone && _lastTime > _firstTime
            ? (Last.Done - _firstDone) / (_lastTime - _firstTime).TotalSeconds
            : null;

    /// <summary>The time to the end, or null when unknown.</summary>
    public TimeSpan? Remaining =>
        Rate is { } rate && Last.Total > 0
            ? TimeSpan.FromSeconds(Math.Min(Math.Max(0, Last.Total - Last.Done) / rate, MaximumSeconds))
            : null;

    public void Observe(StepProgress report, TimeSpan time)
    {
        Last = report;
        _lastTime = time;
    }

    /// <summary>For example <c>1200/5000 (24 %), 8.3/s, 7 min 38 s left, loss 0.123</c>.</summary>
    public override string ToString()
    {
        string?[] parts =
        [
            Last.Total > 0
                ? $"{Number(Last.Done)}/{Number(Last.Total)} ({Math.Floor(100 * Last.Done / Last.Total)} %)"
                : Number(Last.Done),
            Rate is { } rate ? Speed(rate) : null,
            Remaining is { Ticks: > 0 } remaining ? $"{Duration.InWords(remaining)} left" : null,
            Last.Detail,
        ];
        return string.Join(", ", parts.Where(p => !string.IsNullOrEmpty(p)));
    }

    private static string Speed(double rate) =>
        rate >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{rate:0.#}/s")
            : string.Create(CultureInfo.InvariantCulture, $"{1 / rate:0.#} s each");

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
