using System.Text.Json;
using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Progress;
using Spectre.Console.Testing;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class OutputTests : IDisposable
{
    private readonly StringWriter _results = new() { NewLine = "\n" };
    private readonly StringWriter _messages = new() { NewLine = "\n" };
    private readonly ManualTime _time = new();

    public void Dispose()
    {
        _results.Dispose();
        _messages.Dispose();
    }

    [Fact]
    public void Json_keeps_the_log_apart_from_the_one_object()
    {
        var output = Create(json: true);
        output.Log("working");
        output.Result(new Sample("a.png", 3), s => s.FileName);

        var json = JsonDocument.Parse(_results.ToString()).RootElement;
        Assert.Equal("a.png", json.GetProperty("file_name").GetString());
        Assert.Equal(3, json.GetProperty("count").GetInt32());
        Assert.Equal("working\n", _messages.ToString());
    }

    [Fact]
    public void A_second_result_is_refused()
    {
        var output = Create(json: true);
        output.Result(new Sample("a.png", 3), s => s.FileName);

        Assert.Throws<InvalidOperationException>(() => output.Result(new Sample("b.png", 3), s => s.FileName));
    }

    [Fact]
    public void Quiet_leaves_the_result_alone()
    {
        var output = Create(quiet: true);
        output.Log("working");
        using (var progress = output.StartProgress())
        {
            Advance(progress, steps: 100, secondsEach: 1);
        }

        output.Result(new Sample("a.png", 3), s => s.FileName);
        Assert.Equal("a.png\n", _results.ToString());
        Assert.Empty(_messages.ToString());
    }

    [Fact]
    public void A_short_operation_leaves_no_trace()
    {
        using (var progress = Create().StartProgress())
        {
            Advance(progress, steps: 10, secondsEach: 0.19);
        }

        using var console = new TestConsole();
        using (var progress = new LiveProgress(console, _time))
        {
            progress.Report(new StepProgress("train", 1, 2));
        }

        Assert.Empty(_messages.ToString());
        Assert.Empty(console.Output);
    }

    [Fact]
    public void Piped_progress_is_a_line_every_five_seconds_and_the_last()
    {
        using (var progress = Create().StartProgress())
        {
            Advance(progress, steps: 12, secondsEach: 1);
        }

        Assert.Equal(
            [
                "train: 2/12 (16 %), 1/s, 10 s left, loss 0.5",
                "train: 7/12 (58 %), 1/s, 5 s left, loss 0.5",
                "train: 12/12 (100 %), 1/s, loss 0.5",
            ],
            _messages.ToString().TrimEnd().Split('\n')
        );
    }

    [Fact]
    public void A_resumed_task_is_timed_from_where_it_resumed()
    {
        var pace = new TaskPace(new StepProgress("train", 5000, 10000), TimeSpan.Zero);
        Assert.Null(pace.Remaining);

        pace.Observe(new StepProgress("train", 5010, 10000), TimeSpan.FromSeconds(20));
        Assert.Equal(0.5, pace.Rate);
        Assert.Equal("5010/10000 (50 %), 2 s each, 2 h 46 min left", pace.ToString());
    }

    [Theory]
    [InlineData(0.2, "1 s")]
    [InlineData(59.5, "1 min 0 s")]
    [InlineData(458, "7 min 38 s")]
    [InlineData(11520, "3 h 12 min")]
    [InlineData(183600, "2 d 3 h")]
    public void Durations_have_two_units_at_most(double seconds, string words) =>
        Assert.Equal(words, Duration.InWords(TimeSpan.FromSeconds(seconds)));

    private Output Create(bool json = false, bool quiet = false) =>
        new(_results, _messages, terminal: null, json, quiet, _time);

    private void Advance(ProgressDisplay progress, int steps, double secondsEach)
    {
        for (var done = 1; done <= steps; done++)
        {
            _time.Advance(TimeSpan.FromSeconds(secondsEach));
            progress.Report(new StepProgress("train", done, steps, "loss 0.5"));
        }
    }

    private sealed record Sample(string FileName, int Count);

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;

        public override long GetTimestamp() => _ticks;
    }
}
