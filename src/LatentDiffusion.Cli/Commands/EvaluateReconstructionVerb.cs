using System.CommandLine;
using LatentDiffusion.Cli.Evaluation;
using LatentDiffusion.Errors;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Commands;

/// <summary>
/// <c>ldm evaluate reconstruction</c>: how near reconstructions come to their inputs, of a model or of two folders.
/// </summary>
internal sealed class EvaluateReconstructionVerb : Verb
{
    private readonly Option<string?> _model = new("--model")
    {
        Description = "Autoencoder to measure: run folder, model folder or file; goes with --images",
        HelpName = "MODEL",
    };

    private readonly ImageSourceOptions _images = new(what: "Images for the model", required: false);

    private readonly Option<string?> _inputs = new("--inputs")
    {
        Description = "Folder of images; goes with --reconstructions",
        HelpName = "DIR",
    };

    private readonly Option<string?> _reconstructions = new("--reconstructions")
    {
        Description = "Folder of their reconstructions, under the same names",
        HelpName = "DIR",
    };

    private readonly ReconstructionOptions _options = new();

    private readonly Option<string?> _out = new("--out")
    {
        Description = "Also draw inputs, reconstructions and differences on one sheet",
        HelpName = "FILE",
    };

    public EvaluateReconstructionVerb()
        : base(
            "reconstruction",
            "PSNR, SSIM, LPIPS, PSIM and rFID of an autoencoder, or between two folders",
            "ldm evaluate reconstruction --model out/demo-train/autoencoder --images photos"
        )
    {
        foreach (var option in new Option[] { _model, _inputs, _reconstructions })
        {
            Options.Add(option);
        }

        _images.AddTo(this);
        _options.AddTo(this);
        Options.Add(_out);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var (model, images) = (arguments.GetValue(_model), arguments.GetValue(_images.Path));
        var (inputs, outputs) = (arguments.GetValue(_inputs), arguments.GetValue(_reconstructions));
        var measurement = new ReconstructionMeasurement
        {
            Context = context,
            Options = _options,
            Sheet = arguments.GetValue(_out),
        };
        if (model is not null && images is not null && inputs is null && outputs is null)
        {
            measurement.OfModel(model, _images.Open(arguments), cancellation);
        }
        else if (inputs is not null && outputs is not null && model is null && images is null)
        {
            var size = arguments.GetValue(_options.Size);
            measurement.OfFolders(PairedFolders.Open(inputs, outputs, size), size, cancellation);
        }
        else
        {
            throw new UserInputException("Give either --model and --images, or --inputs and --reconstructions.");
        }

        return Task.FromResult(ExitCode.Done);
    }
}
