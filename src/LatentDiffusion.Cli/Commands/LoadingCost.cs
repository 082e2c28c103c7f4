using System.Diagnostics;
using LatentDiffusion.Cli.Bench;
using LatentDiffusion.Models;

namespace LatentDiffusion.Cli.Commands;

/// <summary>What it costs to load a model for sampling.</summary>
/// <param name="Seconds">How long it takes.</param>
/// <param name="ModelMb">The size of its weights in memory.</param>
/// <param name="PeakMb">By how much the process grows at most.</param>
internal sealed record LoadingCost(double Seconds, double ModelMb, double PeakMb)
{
    /// <summary>Growth as a share of the weights' size.</summary>
    public double Ratio => Math.Round(PeakMb / ModelMb, 3);

    /// <summary>Loads a model, measures, and lets it go.</summary>
    public static LoadingCost Of(string path, string? config)
    {
        GC.Collect();
        // What is resident now, not the most so far: what inspecting took must not hide what loading takes.
        var before = Environment.WorkingSet / 1e6;
        var start = Stopwatch.GetTimestamp();
        using var model = ModelFile.LoadLatentDiffusion(path, options: new ModelOptions { Config = config });
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var parameters = model
            .UnetParameters()
            .Select(p => p.Parameter)
            .Concat(model.FirstStage.parameters())
            .Concat(model.Conditioner?.Network?.parameters() ?? []);
        var bytes = parameters.Sum(p => p.numel() * p.element_size());
        return new LoadingCost(
            Math.Round(seconds, 2),
            Math.Round(bytes / 1e6, 1),
            Math.Round(PeakMemory.Megabytes() - before, 1)
        );
    }

    public string InWords() =>
        FormattableString.Invariant(
            $"loads in {Seconds} s; weights take {ModelMb} MB, the process grows by {PeakMb} MB at most ({Ratio} times that)"
        );
}
