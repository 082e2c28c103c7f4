namespace LatentDiffusion.Data.Checking;

/// <summary>Collects what the checks find.</summary>
internal sealed class Findings
{
    private readonly List<DataFinding> _found = [];
    private readonly List<DataProblem> _problems = [];

    public void Add(string kind, string path, int count, string detail = "") =>
        _found.Add(new DataFinding(kind, path.Length == 0 ? "." : path, count, detail));

    public void Complain(string file, string problem) => _problems.Add(new DataProblem(file, problem));

    public DataReport Report(string folder) => new(folder, [.. _found], [.. _problems]);
}
