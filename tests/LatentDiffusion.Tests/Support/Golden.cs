namespace LatentDiffusion.Tests.Support;

/// <summary>Finds the reference files and folders under tests/golden.</summary>
internal static class Golden
{
    /// <param name="relativePath">For example "checkpoints/tricky_tensors.npz".</param>
    public static string PathOf(string relativePath)
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var candidate = Path.Combine(folder, "tests", "golden", relativePath);
            if (Path.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new FileNotFoundException($"tests/golden/{relativePath} is not above {AppContext.BaseDirectory}.");
    }
}
