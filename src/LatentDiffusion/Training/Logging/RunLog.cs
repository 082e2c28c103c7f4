using System.Text.Json;
using LatentDiffusion.Training.Runs;
using static TorchSharp.torch.utils.tensorboard;

namespace LatentDiffusion.Training.Logging;

/// <summary>Writes a run's metrics as JSON lines and as TensorBoard events.</summary>
internal sealed class RunLog : IDisposable
{
    private readonly StreamWriter _lines;
    private readonly TorchSharp.Modules.SummaryWriter _events;

    /// <param name="run">The run.</param>
    /// <param name="step">The step the run continues from: later lines, written before a crash, are dropped.</param>
    public RunLog(RunFolder run, long step)
    {
        MetricsFile.DropAfter(run.MetricsFile, step);
        _lines = new StreamWriter(run.MetricsFile, append: true) { AutoFlush = true };
        _events = SummaryWriter(run.TensorBoardFolder);
    }

    /// <summary>Writes one line.</summary>
    /// <param name="step">The step.</param>
    /// <param name="seconds">Training time so far in this session.</param>
    /// <param name="metrics">Names and values.</param>
    public void Write(long step, double seconds, IReadOnlyDictionary<string, double> metrics)
    {
        var line = new Dictionary<string, double> { ["step"] = step, ["seconds"] = Math.Round(seconds, 3) };
        foreach (var (name, value) in metrics)
        {
            line[name] = value;
            // What is not measured on the step's own images says so before a slash.
            var tag = name.Contains('/', StringComparison.Ordinal) ? name : $"train/{name}";
            _events.add_scalar(tag, (float)value, (int)step);
        }

        _lines.WriteLine(JsonSerializer.Serialize(line));
    }

    public void Dispose() => _lines.Dispose();
}
