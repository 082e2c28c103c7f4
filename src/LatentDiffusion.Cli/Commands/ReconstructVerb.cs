using System.CommandLine;
using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Data;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Progress;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm reconstruct</c>: sends a folder of images through an autoencoder and back.</summary>
internal sealed class ReconstructVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Run folder, model folder or file" };

    private readonly Option<string> _images = new("--images")
    {
        Description = "Folder of images",
        HelpName = "DIR",
        Required = true,
    };

    private readonly Option<int?> _size = new("--size")
    {
        Description = "Side of the square images in pixels (default: the training size)",
        HelpName = "N",
    };

    private readonly Option<int> _sheet = new("--show")
    {
        Description = "Images on the sheet",
        HelpName = "N",
        DefaultValueFactory = _ => 16,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The sheet",
        HelpName = "FILE",
        DefaultValueFactory = _ => Path.Combine("out", "reconstructions.png"),
    };

    public ReconstructVerb()
        : base(
            "reconstruct",
            "Send images through an autoencoder and back; a sheet and PSNR",
            "ldm reconstruct out/demo/autoencoder --images photos --out sheet.png"
        )
    {
        Arguments.Add(_model);
        Options.Add(_images);
        Options.Add(_size);
        Options.Add(_sheet);
        Options.Add(_out);
        Positive.Require(_size);
        Positive.Require(_sheet);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var source = ImageFolderSource.Open(arguments.GetRequiredValue(_images));
        context.OpenCpu();
        var (firstStage, config) = ModelFile.LoadFirstStage(arguments.GetRequiredValue(_model));
        using var _ = firstStage;
        var size = RoundToFactor(arguments.GetValue(_size) ?? config.ImageSize, firstStage.DownsamplingFactor);
        var transform = new ImageTransform(size);
        var reconstruction = new Reconstruction(firstStage);
        var path = Path.GetFullPath(arguments.GetRequiredValue(_out));
        OutputFolder.CreateFor(path);
        List<RgbImage> shown = [];
        List<double> ratios = [];
        using var progress = context.Output.StartProgress();
        for (var i = 0; i < source.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var image = ImageDecoder.Decode(source.Read(i), source.Describe(i).Name);
            var (input, output) = reconstruction.Reconstruct(transform.Square(image, seed: 0));
            ratios.Add(Reconstruction.PeakSignalToNoiseRatio(input, output));
            if (shown.Count < arguments.GetValue(_sheet))
            {
                shown.Add(input);
            }

            progress.Report(new StepProgress("reconstruct", i + 1, source.Count));
        }

        progress.Dispose();
        var sheet = ReconstructionSheet.Draw(firstStage, shown, columns: Math.Min(8, shown.Count));
        AtomicFile.Write(path, stream => PngEncoder.Write(sheet, stream));
        context.Output.Result(
            new
            {
                Images = source.Count,
                Size = size,
                Psnr = Math.Round(ratios.Average(), 2),
                Sheet = path,
            },
            r =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{r.Images} images at {r.Size}x{r.Size}: PSNR {r.Psnr:f2} dB on average. Sheet: {r.Sheet}"
                )
        );
        return Task.FromResult(ExitCode.Done);
    }

    private static int RoundToFactor(int size, int factor) => Math.Max(factor, size / factor * factor);
}
