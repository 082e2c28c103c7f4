using System.CommandLine;
using LatentDiffusion.Cli.Evaluation;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm reconstruct</c>: sends a folder of images through an autoencoder and back.</summary>
internal sealed class ReconstructVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Run folder, model folder or file" };

    private readonly ImageSourceOptions _images = new();

    private readonly ReconstructionOptions _options = new();

    private readonly Option<string> _out = new("--out")
    {
        Description = "The sheet",
        HelpName = "FILE",
        DefaultValueFactory = _ => Path.Combine("out", "reconstructions.png"),
    };

    private readonly Option<string?> _save = new("--save")
    {
        Description = "Also write every reconstruction into this folder, as PNG under its input's name",
        HelpName = "DIR",
    };

    public ReconstructVerb()
        : base(
            "reconstruct",
            "Send images through an autoencoder and back; a sheet, PSNR, SSIM, LPIPS and rFID",
            "ldm reconstruct models/photo-kl-f4 --images photos --out sheet.png"
        )
    {
        Arguments.Add(_model);
        _images.AddTo(this);
        _options.AddTo(this);
        Options.Add(_out);
        Options.Add(_save);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        new ReconstructionMeasurement
        {
            Context = context,
            Options = _options,
            Sheet = arguments.GetRequiredValue(_out),
            Save = arguments.GetValue(_save),
        }.OfModel(arguments.GetRequiredValue(_model), _images.Open(arguments), cancellation);
        return Task.FromResult(ExitCode.Done);
    }
}
