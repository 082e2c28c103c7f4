using LatentDiffusion.Checkpoints;
using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Progress;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Logging;
using LatentDiffusion.Training.Optimization;
using LatentDiffusion.Training.Runs;
using LatentDiffusion.Training.Trainers;
using Xunit;

namespace LatentDiffusion.Tests.Training;

/// <summary>Checkpoints, log and sheets around a trainer that counts.</summary>
public sealed class TrainingLoopTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _cancellation = new();
    private readonly CountingTrainer _trainer = new();
    private readonly PassingTime _time = new();

    private TrainingConfig _config = new()
    {
        Steps = 10,
        LogEvery = 1,
        SampleEvery = 0,
    };

    [Fact]
    public void Checkpoints_are_written_as_often_as_wanted_and_the_newest_kept()
    {
        _config = _config with { CheckpointEvery = 3, KeepCheckpoints = 2 };
        var result = Run();

        Assert.Equal([9, 10], CheckpointSteps());
        Assert.Equal([3, 6, 9, 10], _trainer.Written);
        Assert.Equal((10, 10, 0.1), (result.Step, result.StepsThisSession, result.Loss));
    }

    [Fact]
    public void Half_written_checkpoints_are_ignored_and_removed()
    {
        Run(new TrainingLimit(Steps: 4));
        foreach (var name in new[] { ".tmp-abc", ".tmp-step-00000099" })
        {
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Checkpoint(name)).FullName, "count"), "99");
        }

        Assert.Equal([4], CheckpointSteps());
        Assert.Equal(6, Run().StepsThisSession);
        Assert.Equal(
            ["step-00000004", "step-00000010"],
            Directory.GetFileSystemEntries(_folder["run/checkpoints"]).Select(p => Path.GetFileName(p)!).Order()
        );
    }

    [Fact]
    public void Cancelling_finishes_the_step_and_writes_a_checkpoint()
    {
        Assert.Throws<OperationCanceledException>(() => Run(progress: CancelAfter(3)));

        Assert.Equal([3], CheckpointSteps());
        Assert.Equal([1, 2, 3], LoggedSteps());
        Assert.Equal(7, Run().StepsThisSession);
    }

    [Fact]
    public void Cancelling_while_a_sheet_is_drawn_writes_a_checkpoint()
    {
        _config = _config with { SampleEvery = 5 };
        _trainer.BeforeSheet = _cancellation.Cancel;

        Assert.Throws<OperationCanceledException>(() => Run());

        Assert.Equal([5], CheckpointSteps());
        Assert.Empty(Directory.GetFiles(_folder["run/sheets"]));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_loss_that_is_no_number_ends_the_run_and_keeps_the_last_checkpoint(double loss)
    {
        _config = _config with { CheckpointEvery = 2 };
        _trainer.LossOf = step => step == 6 ? loss : 1;

        var error = Assert.Throws<TrainingDivergedException>(() => Run());

        Assert.Equal([4, 6], CheckpointSteps());
        Assert.Equal([1, 2, 3, 4, 5, 6], LoggedSteps());
        Assert.Equal(
            "The loss or a weight is not a finite number after step 7. The checkpoint of step 6 is whole; "
                + "lower optimizer.learning_rate.",
            error.Message
        );
    }

    [Fact]
    public void Weights_that_are_no_numbers_never_become_a_checkpoint()
    {
        _config = _config with { CheckpointEvery = 2 };
        // The gradients of step 6 overflow; its loss, computed before, is a number.
        _trainer.IsFinite = step => step < 6;

        Assert.Throws<TrainingDivergedException>(() => Run());

        Assert.Equal([2, 4], CheckpointSteps());
    }

    [Fact]
    public void The_log_forgets_what_came_after_the_checkpoint_it_resumes_from()
    {
        Run(new TrainingLimit(Steps: 4));
        // As a crash leaves it: two steps without a checkpoint, and a line cut short.
        File.AppendAllText(
            _folder["run/metrics.jsonl"],
            "{\"step\":5,\"loss\":9}\n{\"step\":6,\"loss\":9}\n{\"step\":7,\"lo"
        );

        Run();

        Assert.Equal(Enumerable.Range(1, 10), LoggedSteps());
        Assert.DoesNotContain(MetricsFile.Read(_folder["run/metrics.jsonl"]), m => m["loss"] == 9);
    }

    [Fact]
    public void The_last_step_is_logged_whatever_the_interval()
    {
        _config = _config with { LogEvery = 4 };
        Run();

        Assert.Equal([4, 8, 10], LoggedSteps());
    }

    [Fact]
    public void A_finished_run_has_nothing_left_to_do()
    {
        Run();
        var again = Run();

        Assert.Equal((10, 0), (again.Step, again.StepsThisSession));
        Assert.Equal(Enumerable.Range(1, 10), LoggedSteps());
    }

    [Fact]
    public void No_time_means_no_step()
    {
        var result = Run(new TrainingLimit(Time: TimeSpan.Zero));

        Assert.Equal(0, result.StepsThisSession);
        Assert.Equal([0], CheckpointSteps());
    }

    [Fact]
    public void Progress_tells_every_step_of_this_session()
    {
        Run(new TrainingLimit(Steps: 4));
        List<StepProgress> told = [];
        Run(progress: new Told(told.Add));

        told.RemoveAll(p => p.Task != "train counting");
        Assert.Equal(Enumerable.Range(1, 6).Select(done => (double)done), told.Select(p => p.Done));
        Assert.All(told, p => Assert.Equal(6, p.Total));
        Assert.Equal("step 10, loss 0.1", told[^1].Detail);
    }

    [Fact]
    public void The_time_of_a_session_is_that_of_its_steps()
    {
        _trainer.BeforeSteps = () => _time.Pass(TimeSpan.FromMinutes(5));
        _trainer.BeforeSheet = () => _time.Pass(TimeSpan.FromMinutes(7));
        _trainer.LossOf = _ =>
        {
            _time.Pass(TimeSpan.FromMinutes(1));
            return 1;
        };

        var result = Run(new TrainingLimit(Time: TimeSpan.FromMinutes(3)));

        Assert.Equal((3, TimeSpan.FromMinutes(3)), (result.StepsThisSession, result.Elapsed));
    }

    [Fact]
    public void A_session_without_steps_prepares_nothing()
    {
        Run();
        _trainer.BeforeSteps = () => Assert.Fail("There is nothing to do.");

        Run();
    }

    [Fact]
    public void A_sheet_tells_its_own_progress()
    {
        _config = _config with { Steps = 4, SampleEvery = 2 };
        List<string> told = [];

        Run(progress: new Told(p => told.Add(p.Task)));

        Assert.Equal(["train counting", "train counting", "draw"], told[..3]);
        Assert.Equal(["train counting", "train counting", "draw"], told[3..]);
    }

    public void Dispose()
    {
        _cancellation.Dispose();
        _folder.Dispose();
    }

    private TrainingResult Run(TrainingLimit? limit = null, IProgress<StepProgress>? progress = null)
    {
        var experiment = new AutoencoderExperiment
        {
            Data = new ImageFolderConfig { Path = "images", Size = 8 },
            Optimizer = new OptimizerConfig { LearningRate = 1 },
            Model = TinyTraining.FirstStage("kl"),
            Training = _config,
        };
        var run = RunFolder.Open(_folder["run"], experiment, resume: true);
        var token = _cancellation.IsCancellationRequested ? CancellationToken.None : _cancellation.Token;
        return new TrainingLoop(_trainer, run, _config, _time).Run(limit ?? new TrainingLimit(), progress, token);
    }

    private Told CancelAfter(int steps) =>
        new(p =>
        {
            if (p.Done == steps)
            {
                _cancellation.Cancel();
            }
        });

    private long[] CheckpointSteps() => [.. CheckpointFolders.In(_folder["run"]).Select(c => c.Step)];

    private IEnumerable<int> LoggedSteps() =>
        MetricsFile.Read(_folder["run/metrics.jsonl"]).Select(m => (int)m["step"]);

    private string Checkpoint(string name) => Path.Combine(_folder["run"], "checkpoints", name);

    /// <summary>Time that passes when it is told to.</summary>
    private sealed class PassingTime : TimeProvider
    {
        private long _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _passed;

        public void Pass(TimeSpan time) => _passed += time.Ticks;
    }

    private sealed class Told(Action<StepProgress> action) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => action(value);
    }

    private sealed class CountingTrainer : ITrainer
    {
        public string Name => "counting";

        public Func<long, double> LossOf { get; set; } = step => 1.0 / (step + 1);

        public Func<long, bool> IsFinite { get; set; } = _ => true;

        public Action BeforeSteps { get; set; } = () => { };

        public Action BeforeSheet { get; set; } = () => { };

        public List<long> Written { get; } = [];

        private long Done { get; set; }

        public void Prepare(long step) => BeforeSteps();

        public IReadOnlyDictionary<string, double> Step(long step)
        {
            Done = step + 1;
            return new Dictionary<string, double> { ["loss"] = LossOf(step) };
        }

        public bool WeightsAreFinite() => IsFinite(Done);

        public void Write(string folder, long step)
        {
            Written.Add(step);
            File.WriteAllText(Path.Combine(folder, "count"), $"{step}");
        }

        public long Read(string folder) =>
            Done = long.Parse(
                File.ReadAllText(Path.Combine(folder, "count")),
                System.Globalization.CultureInfo.InvariantCulture
            );

        public RgbImage DrawSheet(IProgress<StepProgress>? progress, CancellationToken cancellation)
        {
            BeforeSheet();
            progress?.Report(new StepProgress("draw", 1, 1));
            cancellation.ThrowIfCancellationRequested();
            return RgbImage.Filled(1, 1, Rgb.White);
        }

        public void Dispose() { }
    }
}
