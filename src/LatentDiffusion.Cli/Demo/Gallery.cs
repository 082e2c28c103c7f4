using System.Diagnostics;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Processes;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Demo;

/// <summary>A picture that the demo drew.</summary>
/// <param name="Title">What it is.</param>
/// <param name="Text">What to look at.</param>
/// <param name="Model">The model that drew it.</param>
/// <param name="Command">How to draw it.</param>
/// <param name="File">The picture, from the page's folder.</param>
/// <param name="Seconds">How long the command took, the start of the program and loading included.</param>
internal sealed record Drawing(string Title, string Text, string Model, string Command, string File, double Seconds);

/// <summary>What the demo shows and where.</summary>
/// <param name="Page">The page.</param>
/// <param name="Drawings">What was drawn.</param>
/// <param name="Missing">Models that are not installed, whose exhibits are left out.</param>
internal sealed record GalleryResult(string Page, IReadOnlyList<Drawing> Drawings, IReadOnlyList<string> Missing);

/// <summary>The demo: one picture of each kind from the models that ship, each by the command that anyone could give.</summary>
/// <param name="folder">Where pictures and page go.</param>
/// <param name="seed">Of every picture.</param>
/// <param name="threads">Of every command.</param>
internal sealed class Gallery(string folder, long seed, int threads)
{
    /// <summary>Draws everything and writes the page.</summary>
    /// <exception cref="UserInputException">No model is installed.</exception>
    /// <exception cref="CommandFailedException">A picture could not be drawn.</exception>
    public async Task<GalleryResult> DrawAsync(IProgress<StepProgress> progress, CancellationToken cancellation)
    {
        var found = Exhibit
            .All.Select(exhibit => (Exhibit: exhibit, Model: ShippedModels.Find(exhibit.Model)))
            .ToList();
        var missing = found.Where(e => e.Model is null).Select(e => e.Exhibit.Model).ToList();
        List<Drawing> drawings = [];
        foreach (var (exhibit, model) in found.Where(e => e.Model is not null))
        {
            progress.Report(new StepProgress("pictures", drawings.Count, found.Count - missing.Count, exhibit.Title));
            drawings.Add(await DrawAsync(exhibit, model!, cancellation));
        }

        if (drawings.Count == 0)
        {
            throw new UserInputException(
                "No model is installed that the demo could show (models/ is not beside the program): train one with ldm demo --train."
            );
        }

        var page = Path.Combine(folder, "index.html");
        AtomicFile.WriteText(page, GalleryPage.Render(drawings, missing, seed));
        return new GalleryResult(page, drawings, missing);
    }

    private async Task<Drawing> DrawAsync(Exhibit exhibit, string model, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            await ThisProgram.RunAsync(
                [
                    .. exhibit.Arguments(model, AppContext.BaseDirectory, Path.Combine(folder, exhibit.Name)),
                    "--seed",
                    FormattableString.Invariant($"{seed}"),
                    "--threads",
                    FormattableString.Invariant($"{threads}"),
                    "--json",
                ],
                cancellation
            );
        }
        catch (CommandFailedException e)
        {
            throw new CommandFailedException(
                $"The picture '{exhibit.Title}' could not be drawn ({exhibit.Command}): {e.Message}",
                ExitCode.Failed,
                e
            );
        }

        return new Drawing(
            exhibit.Title,
            exhibit.Text,
            exhibit.Model,
            exhibit.Command,
            $"{exhibit.Name}/grid.png",
            Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 1)
        );
    }
}
