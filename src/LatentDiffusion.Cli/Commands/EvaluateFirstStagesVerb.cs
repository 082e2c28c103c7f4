using System.CommandLine;
using LatentDiffusion.Cli.Evaluation;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm evaluate first-stages</c>: autoencoders side by side on the same images, as in LDM table 8.</summary>
internal sealed class EvaluateFirstStagesVerb : Verb
{
    private readonly Argument<string[]> _models = new("models")
    {
        Description = "Run folders, model folders or files",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly ImageSourceOptions _images = new();

    private readonly ReconstructionOptions _options = new();

    private readonly Option<string?> _out = new("--out")
    {
        Description = "Also draw the images and what each model makes of them on one sheet",
        HelpName = "FILE",
    };

    private readonly Option<int?> _detail = new("--detail")
    {
        Description = "Show the middle N x N pixels of each image on the sheet, twice as large",
        HelpName = "N",
    };

    public EvaluateFirstStagesVerb()
        : base(
            "first-stages",
            "A table of several autoencoders: f, latents, PSNR, SSIM, LPIPS and rFID on the same images",
            "ldm evaluate first-stages models/photo-kl-f4 models/photo-kl-f8 --images photos --out sheet.png"
        )
    {
        Arguments.Add(_models);
        _images.AddTo(this);
        _options.AddTo(this);
        Options.Add(_out);
        Options.Add(_detail);
        Positive.Require(_detail);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        new FirstStageComparison(context, _options)
        {
            Sheet = arguments.GetValue(_out),
            Detail = arguments.GetValue(_detail),
        }.Run(arguments.GetRequiredValue(_models), _images.Open(arguments), cancellation);
        return Task.FromResult(ExitCode.Done);
    }
}
