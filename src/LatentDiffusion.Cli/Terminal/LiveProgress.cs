using System.Collections.Concurrent;
using LatentDiffusion.Progress;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LatentDiffusion.Cli.Terminal;

/// <summary>Progress as bars that redraw themselves on a terminal, one per task.</summary>
internal sealed class LiveProgress : ProgressDisplay
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly List<TaskPace> _paces = [];
    private readonly ConcurrentDictionary<int, string> _texts = new();
    private readonly CancellationTokenSource _done = new();
    private readonly IAnsiConsole _console;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Task _display;

    public LiveProgress(IAnsiConsole console, TimeProvider time)
    {
        _console = console;
        _time = time;
        _start = time.GetTimestamp();
        _display = ShowAsync();
    }

    public override void Report(StepProgress value)
    {
        lock (_gate)
        {
            var now = _time.GetElapsedTime(_start);
            var pace = _paces.Find(p => p.Last.Task == value.Task);
            if (pace is null)
            {
                _paces.Add(new TaskPace(value, now));
            }
            else
            {
                pace.Observe(value, now);
            }
        }
    }

    public override void Dispose()
    {
        _done.Cancel();
        _display.GetAwaiter().GetResult();
        _done.Dispose();
    }

    private async Task ShowAsync()
    {
        if (await EndsWithinAsync(Patience))
        {
            return;
        }

        await new Spectre.Console.Progress(_console)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PaceColumn(_texts)
            )
            .StartAsync(async context =>
            {
                var bars = new Dictionary<string, ProgressTask>();
                do
                {
                    Update(context, bars);
                } while (!await EndsWithinAsync(Refresh));

                Update(context, bars);
            });
    }

    private async Task<bool> EndsWithinAsync(TimeSpan delay)
    {
        await Task.Delay(delay, _time, _done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _done.IsCancellationRequested;
    }

    private void Update(ProgressContext context, Dictionary<string, ProgressTask> bars)
    {
        lock (_gate)
        {
            foreach (var pace in _paces)
            {
                var step = pace.Last;
                if (!bars.TryGetValue(step.Task, out var bar))
                {
                    bars[step.Task] = bar = context.AddTask(Markup.Escape(step.Task));
                }

                bar.IsIndeterminate = step.Total <= 0;
                bar.MaxValue = Math.Max(step.Total, 1);
                bar.Value = step.Done;
                _texts[bar.Id] = pace.ToString();
            }
        }
    }

    private sealed class PaceColumn(ConcurrentDictionary<int, string> texts) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Spectre.Console.Text(texts.GetValueOrDefault(task.Id, "")).Overflow(Overflow.Ellipsis);
    }
}
