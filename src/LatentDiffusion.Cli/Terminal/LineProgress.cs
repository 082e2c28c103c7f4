using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Terminal;

/// <summary>Progress as plain lines for files and pipes: one every few seconds, and the last.</summary>
internal sealed class LineProgress(TextWriter writer, TimeProvider time) : ProgressDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private TimeSpan? _written;
    private TaskPace? _pace;
    private bool _pending;

    public override void Report(StepProgress value)
    {
        lock (_gate)
        {
            var now = time.GetElapsedTime(_start);
            if (_pace is null || _pace.Last.Task != value.Task)
            {
                _pace = new TaskPace(value, now);
            }
            else
            {
                _pace.Observe(value, now);
            }

            _pending = true;
            if (now >= Patience && (_written is null || now - _written >= Interval))
            {
                Write(now);
            }
        }
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            var now = time.GetElapsedTime(_start);
            if (_pending && now >= Patience)
            {
                Write(now);
            }
        }
    }

    private void Write(TimeSpan now)
    {
        writer.WriteLine($"{_pace!.Last.Task}: {_pace}");
        _written = now;
        _pending = false;
    }
}
