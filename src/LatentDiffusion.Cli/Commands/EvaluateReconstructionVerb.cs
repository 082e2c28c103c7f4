using System.CommandLine;
using LatentDiffusion.Cli.Evaluation;
using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Commands;

/// <summary>
/// <c>ldm evaluate reconstruction</c>: how near reconstructions come to their inputs, of a model or of two sets of
/// files.
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
        Description = "Images in any of these forms; goes with --reconstructions",
        HelpName = "PATH",
    };

    private readonly Option<string?> _reconstructions = new("--reconstructions")
    {
        Description = "Their reconstructions: under the same names, in an .npz or .parquet file in the same order",
        HelpName = "PATH",
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
            "PSNR, SSIM, LPIPS, PSIM and rFID of an autoencoder, or between two folders or archives",
            "ldm evaluate reconstruction --model models/photo-kl-f4 --images photos"
        )
    {
        Options.Add(_model);
        _images.AddTo(this);
        Options.Add(_inputs);
        Options.Add(_reconstructions);
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
            var filter = arguments.GetValue(_images.Where) is { } rows ? RowFilter.Parse(rows) : null;
            var pairs = PairedImages.Open(inputs, outputs, arguments.GetValue(_options.Size), filter);
            measurement.OfPairs(pairs, cancellation);
        }
        else
        {
            throw new UserInputException("Give either --model and --images, or --inputs and --reconstructions.");
        }

        return Task.FromResult(ExitCode.Done);
    }
}
