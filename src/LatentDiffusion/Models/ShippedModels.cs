namespace LatentDiffusion.Models;

/// <summary>Models that come with the program, each in a folder under <c>models</c>.</summary>
public static class ShippedModels
{
    private const string Folder = "models";

    /// <summary>
    /// Looks for <c>models/NAME</c> in the current folder, then beside the program and in the folders above it.
    /// </summary>
    /// <param name="name">The model's folder.</param>
    /// <returns>The full path of the folder, or null if there is none.</returns>
    public static string? Find(string name) =>
        Find(name, [Directory.GetCurrentDirectory(), .. AndAbove(AppContext.BaseDirectory)]);

    /// <summary>
    /// The folders of all models that are installed, by name: those in <c>models</c> of the current folder, beside the
    /// program, and of the folders above it; nearer ones hide others of the same name.
    /// </summary>
    public static IReadOnlyDictionary<string, string> All()
    {
        SortedDictionary<string, string> found = new(StringComparer.Ordinal);
        var folders = AndAbove(AppContext.BaseDirectory)
            .Prepend(Directory.GetCurrentDirectory())
            .Select(place => Path.Combine(place, Folder))
            .Where(Directory.Exists);
        foreach (var model in folders.SelectMany(Directory.EnumerateDirectories))
        {
            found.TryAdd(Path.GetFileName(model), model);
        }

        return found;
    }

    internal static string? Find(string name, IEnumerable<string> places)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return places.Select(place => Path.Combine(place, Folder, name)).FirstOrDefault(Directory.Exists);
    }

    internal static IEnumerable<string> AndAbove(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            yield return at.FullName;
        }
    }
}
