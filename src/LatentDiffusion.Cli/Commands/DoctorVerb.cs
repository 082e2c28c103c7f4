using LatentDiffusion.Cli.Doctor;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm doctor</c>: looks at the machine and says in plain words what is wrong.</summary>
internal sealed class DoctorVerb()
    : Verb("doctor", "Check this machine and say in plain words what is wrong", "ldm doctor")
{
    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var diagnosis = Diagnosis.From([
            .. HostChecks.All(),
            .. StandardLibraryCheck.All(),
            .. TorchChecks.All(context),
        ]);
        context.Output.Result(diagnosis, d => d.InWords());
        return Task.FromResult(diagnosis.Usable ? ExitCode.Done : ExitCode.Failed);
    }
}
