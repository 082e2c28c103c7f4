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

    private void Handle(PosixSignalContext context)
    {
        if (ExitCode != 0)
        {
            return; // Not handled: the signal's default action ends the process.
        }

        ExitCode = context.Signal == PosixSignal.SIGINT ? 130 : 143;
        context.Cancel = true;
        _source.Cancel();
    }
}
