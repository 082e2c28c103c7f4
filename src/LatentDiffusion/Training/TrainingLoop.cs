using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Imaging;
using LatentDiffusion.Progress;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Logging;
using LatentDiffusion.Training.Runs;
using LatentDiffusion.Training.Trainers;

namespace LatentDiffusion.Training;

/// <summary>Runs a trainer's steps, and writes log, checkpoints and sheets on the way.</summary>
/// <param name="trainer">What is trained.</param>
/// <param name="run">Where it is written.</param>
/// <param name="config">How long, how often.</param>
/// <param name="time">Tells how long things take.</param>
internal sealed class TrainingLoop(ITrainer trainer, RunFolder run, TrainingConfig config, TimeProvider time)
{
    private long _lastCheckpoint = time.GetTimestamp();

    /// <summary>Trains from the newest checkpoint, or from the beginning, to the end or a limit.</summary>
    /// <param name="limit">When to stop short of the configured steps.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand and a checkpoint.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; the checkpoint is written.</exception>
    /// <exception cref="TrainingDivergedException">The loss or a weight is no longer a finite number.</exception>
    public TrainingResult Run(TrainingLimit limit, IProgress<StepProgress>? progress, CancellationToken cancellation)
    {
        var step = run.Checkpoints is [.., var newest] ? trainer.Read(newest.Path) : 0;
        var first = step;
        var last = Math.Min(config.Steps, limit.Steps ?? long.MaxValue);
        using var log = new RunLog(run, step);
        if (step < last && limit.Time != TimeSpan.Zero)
        {
            trainer.Prepare(step);
        }

        var start = time.GetTimestamp();
        var loss = double.NaN;
        try
        {
            var ended = IsOver();
            while (!ended)
            {
                cancellation.ThrowIfCancellationRequested();
                var metrics = trainer.Step(step);
                step++;
                loss = metrics["loss"];
                if (!double.IsFinite(loss))
                {
                    throw new TrainingDivergedException(run, step);
                }

                // The last step is logged too, whatever ends the session: a short one would leave no trace.
                ended = IsOver();
                var isSheetDue = config.SampleEvery > 0 && step % config.SampleEvery == 0;
                var isEvaluationDue = ended || trainer.EvaluationIsDue(step, isSheetDue);
                if (isEvaluationDue)
                {
                    metrics = metrics.Concat(trainer.Evaluate(cancellation)).ToDictionary();
                }

                if (step % config.LogEvery == 0 || isSheetDue || isEvaluationDue)
                {
                    log.Write(step, Elapsed().TotalSeconds, metrics);
                }

                progress?.Report(Describe(step, first, last, loss, Elapsed(), limit));
                if (IsCheckpointDue(step))
                {
                    Checkpoint(step);
                }

                if (isSheetDue && !ended)
                {
                    DrawSheet(step, progress, cancellation);
                }
            }
        }
        catch (OperationCanceledException)
        {
            Checkpoint(step);
            throw;
        }

        var elapsed = Elapsed();
        Checkpoint(step);
        DrawSheet(step, progress, cancellation);
        LossPlot.Write(MetricsFile.Read(run.MetricsFile), "loss", trainer.Name, run.LossPlotFile);
        return new TrainingResult(run.Root, step, step - first, elapsed, loss);

        TimeSpan Elapsed() => time.GetElapsedTime(start);

        bool IsOver() => step >= last || Elapsed() >= limit.Time;
    }

    // A session that its time will end is measured in the steps that fit into it at the pace so far.
    private StepProgress Describe(long step, long first, long last, double loss, TimeSpan elapsed, TrainingLimit limit)
    {
        var done = step - first;
        double total = last - first;
        if (limit.Time is { } whole)
        {
            total = Math.Min(total, Math.Max(done, Math.Ceiling(done * (whole / elapsed))));
        }

        var detail = FormattableString.Invariant($"step {step}, loss {loss:g4}");
        return new StepProgress($"train {trainer.Name}", done, total, detail);
    }

    private bool IsCheckpointDue(long step) =>
        time.GetElapsedTime(_lastCheckpoint).TotalMinutes >= config.CheckpointMinutes
        || (config.CheckpointEvery > 0 && step % config.CheckpointEvery == 0);

    private void Checkpoint(long step)
    {
        if (!trainer.WeightsAreFinite())
        {
            throw new TrainingDivergedException(run, step);
        }

        CheckpointFolders.Write(run.Root, step, config.KeepCheckpoints, folder => trainer.Write(folder, step));
        _lastCheckpoint = time.GetTimestamp();
    }

    private void DrawSheet(long step, IProgress<StepProgress>? progress, CancellationToken cancellation)
    {
        var path = run.SheetFile(step);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var sheet = trainer.DrawSheet(progress, cancellation);
        AtomicFile.Write(path, stream => PngEncoder.Write(sheet, stream));
    }
}
