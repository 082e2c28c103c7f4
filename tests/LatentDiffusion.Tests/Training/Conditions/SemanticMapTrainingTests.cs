using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using Xunit;

namespace LatentDiffusion.Tests.Training.Conditions;

[Collection(nameof(ProcessWideState))]
public sealed class SemanticMapTrainingTests : IDisposable
{
    private const int Size = 8;
    private const int Count = 40;

    private static readonly LabelSet Labels = new(["sea", "sand", "wood"]);
    private static readonly Rgb[] Colours = [new(20, 60, 220), new(230, 200, 90), new(20, 140, 40)];

    private readonly Toy _toy = new(Size, Count, number => Map(number).Paint(Colours));

    public SemanticMapTrainingTests()
    {
        Directory.CreateDirectory(_toy["maps"]);
        File.WriteAllLines(_toy["labels.txt"], Labels.Names);
        for (var i = 0; i < Count; i++)
        {
            File.WriteAllBytes(_toy[$"maps/{i:d3}.png"], Labels.WriteMap(Map(i)));
        }
    }

    private DiffusionExperiment Experiment(int steps) =>
        _toy.Experiment(new SemanticMapConfig { Stages = 0 }, steps) with
        {
            Data = _toy.Images with { Maps = _toy["maps"], FlipProbability = 0.5 },
        };

    [Fact]
    public void A_model_paints_what_the_map_says()
    {
        _toy.Train(Experiment(steps: 120), "run");
        using var model = _toy.Load("run");
        Assert.Equal(Labels.Names, model.Config.MapLabels);
        var maps = Enumerable.Range(1000, 12).Select(Map).ToList();

        var images = new ImageSampler(model).Sample(
            new SamplingRequest
            {
                Inputs = [.. maps.Select(map => new ConditionInput { Map = map })],
                Steps = 5,
                Guidance = 1.5,
            },
            cancellation: TestContext.Current.CancellationToken
        );

        var agreement = images.Zip(maps, Agreement).Average();
        Assert.True(agreement > 0.9, $"{agreement:p1} of the pixels have the colour of their class");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_resumed_run_equals_the_uninterrupted_one(bool cached)
    {
        var experiment = Experiment(steps: 3) with { CacheLatents = cached };
        _toy.AssertResumesBitForBit(
            experiment with
            {
                Validation = new ValidationConfig
                {
                    Images = experiment.Data,
                    Count = 4,
                    Every = 2,
                },
            }
        );
    }

    [Fact]
    public void What_does_not_fit_is_named()
    {
        _toy.AssertRefuses(
            "The conditioner needs label maps: say where they are with data.maps",
            Experiment(1) with
            {
                Data = _toy.Images,
            }
        );
        _toy.AssertRefuses(
            "The semantic map is halved 2 times and latents are 1 times smaller",
            Experiment(1) with
            {
                Conditioner = new SemanticMapConfig(),
            }
        );
        _toy.Train(Experiment(1), "run");
        File.WriteAllLines(_toy["labels.txt"], ["sea", "wood", "sand"]);
        _toy.AssertRefuses("was trained with other labels", Experiment(1) with { InitFrom = _toy["run"] });
        using var model = _toy.Load("run");
        Refuses("The label map has 4x4 pixels, the image to draw 8x8", new LabelMap(4, 4, new byte[16]));
        Refuses(
            "The label map has class 3; the model knows 3 classes",
            new LabelMap(8, 8, [.. Enumerable.Repeat((byte)3, 64)])
        );

        void Refuses(string message, LabelMap map) =>
            Assert.Contains(
                message,
                Assert
                    .Throws<UserInputException>(() =>
                        new ImageSampler(model).Sample(new SamplingRequest { Inputs = [new() { Map = map }] })
                    )
                    .Message
            );
    }

    public void Dispose() => _toy.Dispose();

    private static double Agreement(RgbImage image, LabelMap map) =>
        Enumerable.Range(0, map.Ids.Length).Count(i => ClassOf(image[i % Size, i / Size]) == map.Ids[i])
        / (double)map.Ids.Length;

    private static int ClassOf(Rgb pixel) =>
        Colours
            .Index()
            .MinBy(c => Math.Abs(c.Item.R - pixel.R) + Math.Abs(c.Item.G - pixel.G) + Math.Abs(c.Item.B - pixel.B))
            .Index;

    /// <summary>Rectangles on a ground.</summary>
    private static LabelMap Map(int number)
    {
        var random = new Random(number);
        var ids = new byte[Size * Size];
        Array.Fill(ids, (byte)random.Next(3));
        for (var i = 0; i < 2; i++)
        {
            var (id, left, top) = ((byte)random.Next(3), random.Next(Size - 2), random.Next(Size - 2));
            var (width, height) = (random.Next(2, Size - left + 1), random.Next(2, Size - top + 1));
            for (var y = top; y < top + height; y++)
            {
                ids.AsSpan(y * Size + left, width).Fill(id);
            }
        }

        return new LabelMap(Size, Size, ids);
    }
}
