using System.Diagnostics;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

/// <summary>Runs programs as a user would and collects what they say.</summary>
internal static class LdmProcess
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    public static string DotnetHost => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The built <c>ldm</c>.</summary>
    public static string Program => Path.Combine(AppContext.BaseDirectory, "ldm.dll");

    /// <summary>Runs the built <c>ldm</c>.</summary>
    public static Task<Outcome> RunAsync(params string[] args) => RunInAsync(AppContext.BaseDirectory, args);

    /// <summary>Runs the built <c>ldm</c> with an environment variable set.</summary>
    public static async Task<Outcome> RunWithAsync(string variable, string value, params string[] args)
    {
        using var process = Start(DotnetHost, [Program, .. args], AppContext.BaseDirectory, (variable, value));
        return await EndAsync(process);
    }

    /// <summary>Runs the <c>ldm</c> that lies in <paramref name="folder"/>.</summary>
    public static Task<Outcome> RunInAsync(string folder, params string[] args) =>
        StartAsync(DotnetHost, [Path.Combine(folder, "ldm.dll"), .. args], folder);

    /// <summary>Starts the built <c>ldm</c> for a test that ends it before its time.</summary>
    public static Process Start(params string[] args) =>
        Start(DotnetHost, [Program, .. args], AppContext.BaseDirectory);

    public static async Task<Outcome> StartAsync(string program, string[] args, string folder)
    {
        using var process = Start(program, args, folder);
        return await EndAsync(process);
    }

    /// <summary>Waits for a process to end by itself.</summary>
    public static async Task<Outcome> EndAsync(Process process)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Timeout);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new Outcome(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(
        string program,
        string[] args,
        string folder,
        params (string Name, string Value)[] environment
    )
    {
        var start = new ProcessStartInfo(program, args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // Build servers would outlive the program and hold its output pipes open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    internal sealed record Outcome(int ExitCode, string Output, string Error);
}
