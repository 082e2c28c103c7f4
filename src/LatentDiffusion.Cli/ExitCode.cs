namespace LatentDiffusion.Cli;

/// <summary>What the program tells the shell; stopped by a signal it is 128 + the signal's number.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    public const int Failed = 1;

    /// <summary>The command line, or something it names, is wrong.</summary>
    public const int WrongInput = 2;
}
