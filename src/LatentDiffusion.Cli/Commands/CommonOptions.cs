using System.CommandLine;

namespace LatentDiffusion.Cli.Commands;

/// <summary>The options that every verb takes.</summary>
internal sealed class CommonOptions
{
    public Option<long?> Seed { get; } =
        new("--seed") { Description = "Makes every random number repeatable", HelpName = "N" };

    public Option<int?> Threads { get; } =
        new("--threads") { Description = "Processor threads to use (default: all cores)", HelpName = "N" };

    public Option<DeviceChoice> Device { get; } =
        new("--device")
        {
            Description = "Where to compute",
            HelpName = "cpu|cuda[:N]",
            CustomParser = result =>
            {
                if (DeviceChoice.TryParse(result.Tokens[0].Value) is { } device)
                {
                    return device;
                }

                result.AddError($"option '--device' takes cpu, cuda or cuda:N, not '{result.Tokens[0].Value}'.");
                return DeviceChoice.Cpu;
            },
            DefaultValueFactory = _ => DeviceChoice.Cpu,
        };

    public Option<bool> Json { get; } =
        new("--json") { Description = "Print the result as one JSON object; progress and log go to stderr" };

    public Option<bool> Quiet { get; } = new("--quiet") { Description = "Print the result only" };

    public CommonOptions()
    {
        Threads.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var threads) && threads < 1)
            {
                result.AddError($"option '--threads' takes 1 or more, not '{token.Value}'.");
            }
        });
        foreach (var option in All)
        {
            option.Recursive = true;
        }
    }

    public IReadOnlyList<Option> All => [Seed, Threads, Device, Json, Quiet];
}
