namespace LatentDiffusion.Cli.Doctor;

/// <summary>How a check went.</summary>
internal enum CheckStatus
{
    Ok,

    /// <summary>Works, but worse than it could.</summary>
    Warning,

    /// <summary>The program cannot do its work like this.</summary>
    Problem,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Status">How it went.</param>
/// <param name="Text">What was found and, where needed, what to do about it; one line.</param>
internal sealed record Check(string Name, CheckStatus Status, string Text)
{
    public static Check Ok(string name, string text) => new(name, CheckStatus.Ok, text);

    public static Check Warning(string name, string text) => new(name, CheckStatus.Warning, text);

    public static Check Problem(string name, string text) => new(name, CheckStatus.Problem, text);
}
