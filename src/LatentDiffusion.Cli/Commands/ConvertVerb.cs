using System.CommandLine;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Conversion;
using TorchSharp;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm convert</c>: between .ckpt, safetensors and folders of diffusers.</summary>
internal sealed class ConvertVerb : Verb
{
    private readonly Argument<string> _input = new("in")
    {
        Description = "A .ckpt or .safetensors file, a folder of diffusers, a run folder or a model folder",
    };

    private readonly Argument<string> _output = new("out")
    {
        Description = "A name that ends with .safetensors or .ckpt, or else a folder of diffusers to create",
    };

    private readonly Option<string?> _config = new("--config")
    {
        Description = "Configuration (YAML) of a published checkpoint; detected from its tensors when absent",
        HelpName = "FILE",
    };

    private readonly Option<string?> _tokenizer = new("--tokenizer")
    {
        Description = "Folder of the vocabulary (default: beside the checkpoint)",
        HelpName = "DIR",
    };

    private readonly Option<WeightChoice?> _weights = new("--weights")
    {
        Description =
            "Which weights of the UNet: all that is there (default for files), averages (default for folders), or "
            + "those without averaging",
        HelpName = "all|ema|raw",
    };

    private readonly Option<string?> _dtype = new("--dtype")
    {
        Description = "Type to store weights in; computing is always in f32 (default: as they are)",
        HelpName = "f32|f16|bf16",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Convert although tensors are missing or of another shape",
    };

    public ConvertVerb()
        : base(
            "convert",
            "Convert a model between .ckpt, safetensors and diffusers",
            "ldm convert sd-v1-4.ckpt sd-v1-4.safetensors --dtype f16"
        )
    {
        Arguments.Add(_input);
        Arguments.Add(_output);
        foreach (var option in (Option[])[_config, _tokenizer, _weights, _dtype, _force])
        {
            Options.Add(option);
        }
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        context.OpenCpu();
        var result = ModelConversion.Convert(
            arguments.GetRequiredValue(_input),
            arguments.GetRequiredValue(_output),
            new ConversionOptions
            {
                Config = arguments.GetValue(_config),
                Tokenizer = arguments.GetValue(_tokenizer),
                Weights = arguments.GetValue(_weights),
                Dtype = DtypeOf(arguments.GetValue(_dtype)),
                AllowMismatch = arguments.GetValue(_force),
            }
        );
        foreach (var line in result.Notes.Concat(result.Report.Lines()))
        {
            context.Output.Log(line);
        }

        context.Output.Result(
            new
            {
                result.Output,
                result.Format,
                result.Tensors,
                result.Bytes,
                result.Hash,
                Missing = Shown(result.Report.Missing),
                Unexpected = Shown(result.Report.Unexpected),
                Misshaped = Shown(result.Report.Misshaped),
                result.Notes,
            },
            r => FormattableString.Invariant($"{r.Tensors} tensors, {r.Bytes / 1e6:f1} MB, {r.Format}: {r.Output}")
        );
        return Task.FromResult(ExitCode.Done);
    }

    /// <summary>A list as JSON shows it: the number, and the first names.</summary>
    internal static object Shown(IReadOnlyList<string> names) =>
        new { names.Count, Names = names.Take(TensorReport.NamesShown) };

    internal static torch.ScalarType? DtypeOf(string? name) =>
        name switch
        {
            null => null,
            "f32" => torch.ScalarType.Float32,
            "f16" => torch.ScalarType.Float16,
            "bf16" => torch.ScalarType.BFloat16,
            _ => throw new UserInputException($"option '--dtype' takes f32, f16 or bf16, not '{name}'."),
        };
}
