using System.Globalization;
using LatentDiffusion.Checkpoints.Files;

namespace LatentDiffusion.Checkpoints;

/// <summary>One complete checkpoint of a run.</summary>
/// <param name="Step">Training steps done when it was written.</param>
/// <param name="Path">Its folder.</param>
public sealed record CheckpointFolder(long Step, string Path);

/// <summary>
/// The checkpoints of a run: folders <c>checkpoints/step-N</c>, each written aside and renamed when it is complete, so
/// that every one that can be seen can be used.
/// </summary>
public static class CheckpointFolders
{
    private const string FolderName = "checkpoints";
    private const string Prefix = "step-";

    /// <summary>The complete checkpoints of a run, oldest first; none when the run has not written any.</summary>
    public static IReadOnlyList<CheckpointFolder> In(string runFolder)
    {
        var parent = Path.Combine(runFolder, FolderName);
        return !Directory.Exists(parent)
            ? []
            :
            [
                .. Directory
                    .EnumerateDirectories(parent, Prefix + "*")
                    .Select(path => (Path: path, Number: Path.GetFileName(path)[Prefix.Length..]))
                    .Where(f => long.TryParse(f.Number, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    .Select(f => new CheckpointFolder(long.Parse(f.Number, CultureInfo.InvariantCulture), f.Path))
                    .OrderBy(f => f.Step),
            ];
    }

    /// <summary>Writes a checkpoint, then removes the oldest beyond <paramref name="keep"/>.</summary>
    /// <param name="runFolder">The run.</param>
    /// <param name="step">Training steps done; an existing checkpoint of this step is kept as it is.</param>
    /// <param name="keep">How many to keep, at least 1.</param>
    /// <param name="fill">Writes the files into the folder it is given.</param>
    public static void Write(string runFolder, long step, int keep, Action<string> fill)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        var parent = Path.Combine(runFolder, FolderName);
        Directory.CreateDirectory(parent);
        AtomicDirectory.CleanUp(parent);
        var path = Path.Combine(parent, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:d8}"));
        if (!Directory.Exists(path))
        {
            AtomicDirectory.Create(path, fill);
        }

        foreach (var old in In(runFolder).SkipLast(keep))
        {
            // Renamed first: a process killed here must not leave half a checkpoint that looks whole.
            var discarded = Path.Combine(parent, $".tmp-{Path.GetFileName(old.Path)}");
            Directory.Move(old.Path, discarded);
            Directory.Delete(discarded, recursive: true);
        }
    }
}
