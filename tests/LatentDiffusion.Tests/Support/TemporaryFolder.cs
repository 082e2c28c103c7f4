namespace LatentDiffusion.Tests.Support;

/// <summary>An empty folder that is removed with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("ldm-test-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    public string[] Entries() =>
        [.. Directory.GetFileSystemEntries(Root).Select(e => Path.GetFileName(e)!).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
