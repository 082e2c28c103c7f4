using System.Runtime.InteropServices;

namespace LatentDiffusion.Cli;

/// <summary>
/// Ctrl-C and SIGTERM: the first signal cancels <see cref="Token"/> so that the verb can stop cleanly, the second one
/// ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Interruption() =>
        _registrations = [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        ];

    public CancellationToken Token => _source.Token;

    /// <summary>The shell's convention, 128 + signal number; 0 while no signal came.</summary>
    public int ExitCode { get; private set; }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    /// <summary>Answers a signal.</summary>
    /// <returns>Whether it was answered; otherwise its default action is to end the process.</returns>
    internal bool Answer(PosixSignal signal)
    {
        if (ExitCode != 0)
        {
            return false;
        }

        ExitCode = signal == PosixSignal.SIGINT ? 130 : 143;
        _source.Cancel();
        return true;
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = Answer(context.Signal);
        if (!context.Cancel && !Console.IsErrorRedirected)
        {
            // A progress bar hides the cursor and now has no time to bring it back.
            Console.Error.Write("\e[?25h");
        }
    }
}
