using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Text;
using LatentDiffusion.Text;
using LatentDiffusion.Training.Experiments;
using Xunit;

namespace LatentDiffusion.Tests.Training.Conditions;

/// <summary>Text and map together: the map says where the square is, the text of which colour.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class HybridTrainingTests : IDisposable
{
    private const int Size = 8;
    private const int Count = 48;

    private static readonly string[] Names = ["red", "green", "blue"];
    private static readonly LabelSet Labels = new(["ground", "square"]);
    private static readonly Rgb Ground = new(110, 110, 110);
    private static readonly Rgb[] Colours = [new(220, 20, 20), new(20, 220, 20), new(20, 20, 220)];

    private readonly Toy _toy = new(Size, Count, number => Map(number).Paint([Ground, Colours[number % 3]]));

    public HybridTrainingTests()
    {
        Directory.CreateDirectory(_toy["maps"]);
        File.WriteAllLines(_toy["labels.txt"], Labels.Names);
        for (var i = 0; i < Count; i++)
        {
            File.WriteAllBytes(_toy[$"maps/{i:d3}.png"], Labels.WriteMap(Map(i)));
            File.WriteAllText(_toy[$"images/{i:d3}.txt"], Caption(i % 3));
        }
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void Each_condition_is_obeyed_beside_the_other()
    {
        var text = new TextTransformerConfig
        {
            Tokenizer = SmallVocabulary.Write(_toy["vocab.txt"]),
            EmbedDim = 16,
            Depth = 1,
            MaxLength = 6,
        };
        var conditioner = new HybridConfig { Parts = [text, new SemanticMapConfig { Stages = 0, Channels = 2 }] };
        _toy.Train(Experiment(conditioner, steps: 250, text.EmbedDim), "run");
        using var model = _toy.Load("run");
        var wanted = Enumerable.Range(1000, 24).Select(i => (Map: Map(i), Colour: i / 7 % 3)).ToList();

        var images = new ImageSampler(model).Sample(
            new SamplingRequest
            {
                Inputs =
                [
                    .. wanted.Select(w => new ConditionInput { Map = w.Map, Prompt = Prompt.Plain(Caption(w.Colour)) }),
                ],
                Steps = 5,
                BatchSize = 24,
            },
            cancellation: TestContext.Current.CancellationToken
        );

        var agreement = images.Zip(wanted).Average(pair => Agreement(pair.First, pair.Second.Map, pair.Second.Colour));
        Assert.True(agreement > 0.9, $"{agreement:p1} of the pixels are what text and map say together");
    }

    [Fact]
    public void A_model_that_reads_no_text_draws_its_sheets_from_captioned_images()
    {
        var experiment = Experiment(new SemanticMapConfig { Stages = 0 }, steps: 1, contextDim: null);
        _toy.Train(experiment with { Training = experiment.Training with { SampleEvery = 1 } }, "run");

        Assert.Single(Directory.EnumerateFiles(_toy["run"], "step-*.png", SearchOption.AllDirectories));
    }

    public void Dispose() => _toy.Dispose();

    private DiffusionExperiment Experiment(ConditionerConfig conditioner, int steps, int? contextDim) =>
        _toy.Experiment(conditioner, steps, contextDim) with
        {
            Data = _toy.Images with { Maps = _toy["maps"] },
        };

    private static string Caption(int colour) => $"a {Names[colour]} square";

    private static double Agreement(RgbImage image, LabelMap map, int colour) =>
        Enumerable
            .Range(0, map.Ids.Length)
            .Count(i => Nearest(image[i % Size, i / Size]) == (map.Ids[i] == 0 ? Ground : Colours[colour]))
        / (double)map.Ids.Length;

    private static Rgb Nearest(Rgb pixel) =>
        Colours.Append(Ground).MinBy(c => Math.Abs(c.R - pixel.R) + Math.Abs(c.G - pixel.G) + Math.Abs(c.B - pixel.B));

    /// <summary>A square of 3 to 5 pixels somewhere.</summary>
    private static LabelMap Map(int number)
    {
        var random = new Random(number);
        var side = random.Next(3, 6);
        var (left, top) = (random.Next(Size - side + 1), random.Next(Size - side + 1));
        var ids = new byte[Size * Size];
        for (var y = top; y < top + side; y++)
        {
            ids.AsSpan(y * Size + left, side).Fill(1);
        }

        return new LabelMap(Size, Size, ids);
    }
}
