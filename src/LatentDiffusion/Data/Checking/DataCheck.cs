using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Data.Checking;

/// <summary>
/// Looks through a data set before anything is trained on it: tells what is there (images with classes and captions, parquet
/// tables, layouts, label maps, pairs) and everything that is wrong with it, instead of stopping at the first mistake.
/// </summary>
public static class DataCheck
{
    /// <summary>Checks a folder or a parquet file; every image is decoded.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="progress">Told after every file.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="UserInputException">There is no such folder or parquet file, or nothing to check in it.</exception>
    public static DataReport Run(
        string path,
        IProgress<StepProgress>? progress = null,
        CancellationToken cancellation = default
    )
    {
        var findings = new Findings();
        if (File.Exists(path) && path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            ParquetCheck.Run(path, Path.GetFileName(path), findings);
            return findings.Report(path);
        }

        if (!Directory.Exists(path))
        {
            throw new UserInputException($"\"{path}\" is neither a folder nor a parquet file. Check the path.");
        }

        var files = Files(path);
        var images = new List<CheckedImage>();
        for (var i = 0; i < files.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            Look(path, files[i], images, findings);
            progress?.Report(new StepProgress("look at files", i + 1, files.Length));
        }

        var labels = ReadLabels(path, files, findings);
        var maps = MapCheck.Run(path, images, labels, findings);
        var pictures = images.Where(i => !maps.Contains(i)).ToArray();
        var masks = PairCheck.Run(pictures, findings);
        pictures = [.. pictures.Where(i => !masks.Contains(i))];
        var hasLayouts = LayoutCheck.Run(path, files, pictures, labels, findings);
        PictureCheck.Run(path, files, pictures, hasClasses: maps.Count == 0 && !hasLayouts, findings);
        var report = findings.Report(path);
        return report.Found.Count + report.Problems.Count > 0
            ? report
            : throw new UserInputException(
                $"There is nothing in \"{path}\" that is known: no images, tables or layouts."
            );
    }

    private static void Look(string root, string file, List<CheckedImage> images, Findings findings)
    {
        if (file.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            ParquetCheck.Run(Path.Combine(root, file), file, findings);
            return;
        }

        if (!ImageSignature.Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
        {
            return;
        }

        try
        {
            if (CheckedImage.Decode(file, File.ReadAllBytes(Path.Combine(root, file)), findings) is { } image)
            {
                images.Add(image);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            findings.Complain(file, $"cannot be read: {e.Message}");
        }
    }

    private static string[] Files(string root)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 16 };
        var files = Directory
            .EnumerateFiles(root, "*", options)
            .Select(f => Path.GetRelativePath(root, f).Replace(Path.DirectorySeparatorChar, '/'))
            .ToArray();
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static LabelSet? ReadLabels(string root, string[] files, Findings findings)
    {
        var file = files.Where(f => Path.GetFileName(f) == LabelSet.FileName).MinBy(f => f.Count(c => c == '/'));
        if (file is null)
        {
            return null;
        }

        try
        {
            var labels = LabelSet.Read(Path.Combine(root, file));
            findings.Add("labels", file, labels.Count, string.Join(", ", labels.Names));
            return labels;
        }
        catch (UserInputException e)
        {
            findings.Complain(file, e.Message);
            return null;
        }
    }
}
