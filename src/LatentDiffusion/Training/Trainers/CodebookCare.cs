using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Training.Experiments;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Watches how much of a codebook is in use, and moves codes that are not, where the configuration asks for it.</summary>
/// <param name="config">The settings.</param>
/// <param name="quantizer">The quantiser with its codebook.</param>
internal sealed class CodebookCare(CodebookTrainingConfig config, VectorQuantizer quantizer)
{
    // Steps between numbers in the log where no codes are moved.
    private const int LogWindow = 100;

    private readonly CodebookUsage _usage = new(quantizer.Codes);

    /// <summary>How often each code was chosen in the present window.</summary>
    public IReadOnlyList<long> Counts => _usage.Counts;

    /// <summary>Takes over the counts of an interrupted run.</summary>
    public void Restore(IReadOnlyList<long> counts) => _usage.Restore(counts);

    /// <summary>Quantises latents of a training step, and moves dead codes to some of them when their time has come.</summary>
    /// <param name="latents">[B, D, h, w], with their graph.</param>
    /// <param name="step">The step, from 0.</param>
    /// <param name="generator">The step's random numbers.</param>
    public QuantizedLatents Quantize(Tensor latents, long step, Generator generator)
    {
        if (step == 0 && config.InitialiseFromData && Counts.All(c => c == 0))
        {
            quantizer.ResetDeadCodes(_usage.DeadCodes(), latents.detach(), generator);
        }
        else if (config.ResetDeadEvery is { } window && step > 0 && step % window == 0 && Counts.Any(c => c > 0))
        {
            quantizer.ResetDeadCodes(_usage.DeadCodes(), latents.detach(), generator);
            _usage.Clear();
        }

        var quantized = quantizer.Quantize(latents);
        _usage.Add(quantized.Indices);
        return quantized;
    }

    /// <summary>Ends a window of steps: its numbers go to the log.</summary>
    public void EndStep(long step, MeanMetrics metrics)
    {
        var window = config.ResetDeadEvery ?? LogWindow;
        if ((step + 1) % window != 0)
        {
            return;
        }

        metrics.Set("codebook_usage", _usage.UsedFraction);
        metrics.Set("codebook_perplexity", _usage.Perplexity);
        if (config.ResetDeadEvery is null)
        {
            _usage.Clear();
        }
    }
}
