using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Cli.Bench;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm sample</c>: draws images from an unconditional or class-conditional model.</summary>
internal sealed class SampleVerb : Verb
{
    private const int GridPixels = 96;

    private readonly Argument<string> _model = new("model")
    {
        Description = "Run folder, model folder, folder of diffusers, or file",
    };

    private readonly Option<string[]> _class = new("--class")
    {
        Description = "Class by name or number; may be repeated (default: every class)",
        HelpName = "NAME|ID",
    };

    private readonly Option<int> _count = new("--count")
    {
        Description = "Images per class, or in all for an unconditional model",
        HelpName = "N",
        DefaultValueFactory = _ => 8,
    };

    private readonly SamplerOptions _sampling = new();

    private readonly ModelChoice _choice = new();

    private readonly Option<ImageSize?> _size = ImageSize.CreateOption();

    private readonly Option<string> _out = new("--out")
    {
        Description = "Folder for the images",
        HelpName = "DIR",
        DefaultValueFactory = _ => Path.Combine("out", "samples"),
    };

    private readonly Option<string?> _grid = new("--grid")
    {
        Description = "Also write all images as one sheet",
        HelpName = "FILE",
    };

    public SampleVerb()
        : base(
            "sample",
            "Draw images from an unconditional or class-conditional model",
            "ldm sample out/demo/latent-diffusion --class food-drink --count 16 --grid food.png"
        )
    {
        Arguments.Add(_model);
        foreach (var option in (Option[])[_class, _count, .. _sampling.All, _size, .. _choice.All, _out, _grid])
        {
            Options.Add(option);
        }

        Positive.Require(_count);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        var plain = _sampling.Read(arguments);
        context.OpenCpu();
        using var model = ModelFile.LoadLatentDiffusion(
            arguments.GetRequiredValue(_model),
            options: _choice.Read(arguments)
        );
        var classes = ClassChoice.Resolve(arguments.GetValue(_class) ?? [], model.Config.Classes);
        if (classes.Count == 0)
        {
            classes = [.. Enumerable.Range(0, model.Config.Classes.Count)];
        }

        var count = arguments.GetValue(_count);
        var size = arguments.GetValue(_size);
        var request = plain with
        {
            Classes =
                classes.Count == 0 ? new int?[count] : [.. classes.SelectMany(c => Enumerable.Repeat((int?)c, count))],
            Seed = context.Seed ?? 0,
            Width = size?.Width,
            Height = size?.Height,
        };
        // Before the long part, which a wrong name would waste.
        var folder = arguments.GetRequiredValue(_out);
        var grid = arguments.GetValue(_grid);
        OutputFolder.Create(folder);
        if (grid is not null)
        {
            OutputFolder.CreateFor(grid);
        }

        using var progress = context.Output.StartProgress();
        var start = Stopwatch.GetTimestamp();
        var images = new ImageSampler(model).Sample(request, progress, cancellation);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        progress.Dispose();

        var files = images
            .Select((image, i) => Write(folder, NameOf(request, i, model.Config.Classes), image))
            .ToList();
        if (grid is not null)
        {
            WriteGrid(grid, images, count, [.. classes.Select(c => model.Config.Classes[c])]);
        }

        context.Output.Result(
            new
            {
                Folder = Path.GetFullPath(folder),
                Files = files,
                Seed = request.Seed,
                Seconds = Math.Round(seconds, 3),
                PeakRssMb = Math.Round(PeakMemory.Megabytes(), 1),
            },
            r => $"{r.Files.Count} images in {r.Folder}"
        );
        return Task.FromResult(ExitCode.Done);
    }

    private static string NameOf(SamplingRequest request, int i, IReadOnlyList<string> classes)
    {
        var seed = (request.Seed + i).ToString(CultureInfo.InvariantCulture);
        return request.Classes[i] is { } id ? $"{FileNames.Safe(classes[id])}-{seed}.png" : $"{seed}.png";
    }

    private static string Write(string folder, string name, RgbImage image)
    {
        var path = Path.GetFullPath(Path.Combine(folder, name));
        AtomicFile.Write(path, stream => PngEncoder.Write(image, stream));
        return path;
    }

    private static void WriteGrid(string path, IReadOnlyList<RgbImage> images, int columns, IReadOnlyList<string> rows)
    {
        var sheet = new ContactSheet(columns)
        {
            Upscale = Math.Max(1, GridPixels / images[0].Width),
            RowCaptions = rows,
        }.Draw(images);
        AtomicFile.Write(path, stream => PngEncoder.Write(sheet, stream));
    }
}
