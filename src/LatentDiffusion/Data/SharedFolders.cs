namespace LatentDiffusion.Data;

/// <summary>The folders that all paths of a set begin with.</summary>
internal static class SharedFolders
{
    /// <summary>How much of every path they are.</summary>
    /// <param name="paths">With slashes; at least one.</param>
    /// <returns>The length of the common beginning, a slash at its end; 0 where no folder is shared.</returns>
    public static int LengthOf(IReadOnlyList<string> paths)
    {
        var length = 0;
        while (paths[0].IndexOf('/', length) is var slash && slash > length)
        {
            var folders = paths[0][..(slash + 1)];
            if (!paths.All(path => path.StartsWith(folders, StringComparison.Ordinal)))
            {
                break;
            }

            length = folders.Length;
        }

        return length;
    }
}
