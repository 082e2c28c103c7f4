namespace LatentDiffusion.Tests.Support;

/// <summary>Finds the reference files and folders under tests/golden.</summary>
internal static class Golden
{
    /// <param name="relativePath">For example "checkpoints/tricky_tensors.npz".</param>
    public static string PathOf(string relativePath)
    {
        var path = Repository.PathOf(Path.Combine("tests", "golden", relativePath));
        return Path.Exists(path) ? path : throw new FileNotFoundException($"There is no tests/golden/{relativePath}.");
    }
}
