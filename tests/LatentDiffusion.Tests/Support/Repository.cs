namespace LatentDiffusion.Tests.Support;

/// <summary>Finds files of the repository that the tests were built in.</summary>
internal static class Repository
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <param name="relativePath">For example "configs/demo/autoencoder.yaml".</param>
    public static string PathOf(string relativePath) => Path.Combine(Root, relativePath);

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "LatentDiffusion.slnx")))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException($"LatentDiffusion.slnx is not above {AppContext.BaseDirectory}.");
    }
}
