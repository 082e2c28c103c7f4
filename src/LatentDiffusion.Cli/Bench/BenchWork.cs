namespace LatentDiffusion.Cli.Bench;

/// <summary>A hot path, set up and ready to be timed.</summary>
internal sealed class BenchWork : IDisposable
{
    /// <summary>Does the work once.</summary>
    public required Action Run { get; init; }

    /// <summary>The same work without all that surrounds its core, timed in turn with it; or null.</summary>
    public Action? Limit { get; init; }

    /// <summary>Multiply-adds of one run, counted from the model, or null where counting makes no sense.</summary>
    public long? MultiplyAdds { get; init; }

    /// <summary>Whether the work takes so long that one run is enough, without warming up.</summary>
    public bool IsLong { get; init; }

    /// <summary>Bytes of weights that the case holds.</summary>
    public long WeightBytes { get; init; }

    /// <summary>What one run yields how many of, or null.</summary>
    public (string Unit, double PerRun)? Yield { get; init; }

    /// <summary>Frees what the case holds.</summary>
    public Action Release { get; init; } = () => { };

    public void Dispose() => Release();
}

/// <summary>A hot path by name.</summary>
/// <param name="Name">How the user picks it.</param>
/// <param name="Shape">What is computed, in words.</param>
/// <param name="Prepare">Sets it up.</param>
internal sealed record BenchCase(string Name, string Shape, Func<BenchWork> Prepare);
