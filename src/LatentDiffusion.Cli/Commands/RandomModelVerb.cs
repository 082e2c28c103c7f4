using System.CommandLine;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Models.Published;
using TorchSharp;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm models random</c>: a checkpoint of a published architecture with random weights.</summary>
internal sealed class RandomModelVerb : Verb
{
    private readonly Argument<string> _architecture = new("architecture")
    {
        Description = $"One of {string.Join(", ", RandomCheckpoint.Names)}",
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The safetensors file",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> _dtype = new("--dtype")
    {
        Description = "Type to store weights in",
        HelpName = "f32|f16|bf16",
        DefaultValueFactory = _ => "f32",
    };

    public RandomModelVerb()
        : base(
            "random",
            "Make a checkpoint of a published architecture with random weights, to measure speed and memory",
            "ldm models random stable-diffusion-1 --out out/random-sd1.safetensors --dtype f16"
        )
    {
        Arguments.Add(_architecture);
        Options.Add(_out);
        Options.Add(_dtype);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var path = arguments.GetRequiredValue(_out);
        context.OpenCpu();
        var dtype = ConvertVerb.DtypeOf(arguments.GetValue(_dtype)) ?? torch.ScalarType.Float32;
        OutputFolder.CreateFor(path);
        var weights = RandomCheckpoint.Write(arguments.GetRequiredValue(_architecture), path, context.Seed ?? 0, dtype);
        context.Output.Result(
            new
            {
                Model = Path.GetFullPath(path),
                Weights = weights,
                Bytes = new FileInfo(path).Length,
            },
            r => FormattableString.Invariant($"{r.Weights / 1e6:f1} M random weights, {r.Bytes / 1e6:f1} MB: {r.Model}")
        );
        return Task.FromResult(ExitCode.Done);
    }
}
