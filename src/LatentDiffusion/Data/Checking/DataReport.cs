namespace LatentDiffusion.Data.Checking;

/// <summary>Something that a folder holds.</summary>
/// <param name="Kind">What it is, such as "images" or "label maps".</param>
/// <param name="Path">Where, relative to the folder; "." for the folder itself.</param>
/// <param name="Count">How many of it.</param>
/// <param name="Detail">More about it, or empty.</param>
public sealed record DataFinding(string Kind, string Path, int Count, string Detail);

/// <summary>Something that is wrong.</summary>
/// <param name="File">The file, relative to the folder.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record DataProblem(string File, string Problem);

/// <summary>What <see cref="DataCheck"/> found.</summary>
/// <param name="Folder">The folder or file that was checked.</param>
/// <param name="Found">What it holds.</param>
/// <param name="Problems">What is wrong, in the order of the checks.</param>
public sealed record DataReport(string Folder, IReadOnlyList<DataFinding> Found, IReadOnlyList<DataProblem> Problems)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsRight => Problems.Count == 0;
}
