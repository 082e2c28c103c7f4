using LatentDiffusion.Data;
using LatentDiffusion.Diffusion;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Text;
using LatentDiffusion.Training.Experiments;
using LatentDiffusion.Training.Optimization;

namespace LatentDiffusion.Tests.Training;

/// <summary>
/// Images of "a red square", "a blue disc" and so on, with their captions in text files, and a text-to-image model small
/// enough to learn them in a second. Training seeds process-wide random numbers: see <see cref="ProcessWideState"/>.
/// </summary>
internal sealed class CaptionedShapes : IDisposable
{
    public const int Size = 8;

    public static readonly string[] Colours = ["red", "green", "blue"];

    private static readonly string[] Shapes = ["square", "disc"];

    private readonly TemporaryFolder _folder = new();

    public CaptionedShapes()
    {
        Directory.CreateDirectory(_folder["images"]);
        foreach (var (colour, name) in Colours.Index())
        {
            foreach (var shape in Shapes)
            {
                var file = _folder[$"images/{name}-{shape}"];
                File.WriteAllBytes(file + ".png", PngEncoder.Encode(Draw(colour, shape)));
                File.WriteAllText(file + ".txt", $"a {name} {shape}\n");
            }
        }
    }

    public string this[string name] => _folder[name];

    public TextTransformerConfig Text =>
        new()
        {
            Tokenizer = SmallVocabulary.Write(_folder["vocab.txt"]),
            EmbedDim = 16,
            Depth = 1,
            MaxLength = 6,
        };

    public DiffusionExperiment Experiment =>
        new()
        {
            Data = new ImageFolderConfig { Path = _folder["images"], Size = Size },
            Unet = new UnetConfig
            {
                InChannels = 3,
                OutChannels = 3,
                ModelChannels = 32,
                ChannelMult = [1],
                NumResBlocks = 1,
                AttentionResolutions = [1],
                NumHeads = 2,
                UseSpatialTransformer = true,
                ContextDim = 16,
            },
            Conditioner = Text,
            ScaleFactor = 1,
            EmaDecay = 0.9,
            Objective = new DiffusionObjectiveConfig { Parameterization = Parameterization.X0 },
            Optimizer = new OptimizerConfig { LearningRate = 3e-3, WeightDecay = 0.01 },
            Samples = new SampleSheetConfig { PerClass = 1, Steps = 2 },
            Training = new TrainingConfig
            {
                BatchSize = 12,
                Steps = 4,
                LogEvery = 1,
                SampleEvery = 0,
            },
        };

    public void Dispose() => _folder.Dispose();

    private static RgbImage Draw(int colour, string shape)
    {
        var image = RgbImage.Filled(Size, Size, Rgb.Black);
        for (var i = 0; i < Size * Size; i++)
        {
            var (x, y) = (i % Size - 3.5, i / Size - 3.5);
            if (shape == "square" ? Math.Max(Math.Abs(x), Math.Abs(y)) < 3 : x * x + y * y < 10)
            {
                image.Pixels[3 * i + colour] = 255;
            }
        }

        return image;
    }
}
