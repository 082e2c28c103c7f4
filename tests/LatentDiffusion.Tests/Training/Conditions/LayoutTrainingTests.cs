using LatentDiffusion.Data.Layouts;
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
public sealed class LayoutTrainingTests : IDisposable
{
    private const int Size = 8;
    private const int Count = 160;

    private static readonly Dictionary<string, Rgb> Colours = new()
    {
        ["fire"] = new Rgb(250, 60, 40),
        ["grass"] = new Rgb(40, 230, 60),
    };

    private static readonly LayoutConfig Conditioner = new()
    {
        EmbedDim = 32,
        Depth = 1,
        MaxObjects = 1,
        Vocabulary = 82, // a grid of 9x9: corners lie on it
        UseTraits = false,
    };

    private readonly Toy _toy = new(Size, Count, number => Draw(LayoutOf(number)));

    public LayoutTrainingTests()
    {
        Directory.CreateDirectory(_toy["layouts"]);
        for (var i = 0; i < Count; i++)
        {
            File.WriteAllText(_toy[$"layouts/{i:d3}.json"], LayoutFile.Write(LayoutOf(i)));
        }
    }

    private DiffusionExperiment Experiment(int steps) =>
        _toy.Experiment(Conditioner, steps, contextDim: Conditioner.EmbedDim) with
        {
            Data = _toy.Images with { Layouts = _toy["layouts"], FlipProbability = 0.5 },
        };

    [Fact]
    [Trait("Speed", "Slow")]
    public void Objects_stand_in_their_boxes()
    {
        _toy.Train(Experiment(steps: 600), "run");
        using var model = _toy.Load("run");
        Assert.Equal(Colours.Keys, model.Config.LayoutLabels);
        var layouts = Enumerable.Range(1000, 40).Select(LayoutOf).ToList();

        var images = new ImageSampler(model).Sample(
            new SamplingRequest
            {
                Inputs = [.. layouts.Select(layout => new ConditionInput { Layout = new ShownLayout(layout.Objects) })],
                Steps = 5,
                BatchSize = 40,
            },
            cancellation: TestContext.Current.CancellationToken
        );

        var right = images.Zip(layouts, Overlap).Count(overlap => overlap > 0.5);
        Assert.True(right > 32, $"{right} of 40 overlap by more than half");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_resumed_run_equals_the_uninterrupted_one(bool cached) =>
        _toy.AssertResumesBitForBit(Experiment(steps: 3) with { CacheLatents = cached });

    [Fact]
    public void What_does_not_fit_is_named()
    {
        _toy.AssertRefuses(
            "The conditioner needs layouts: say where they are with data.layouts",
            Experiment(1) with
            {
                Data = _toy.Images,
            }
        );
        _toy.AssertRefuses(
            "A vocabulary of 16 has no room for 2 classes with their traits",
            Experiment(1) with
            {
                Conditioner = Conditioner with { Vocabulary = 16, UseTraits = true },
            }
        );
        _toy.Train(Experiment(1), "run");
        File.Delete(_toy["layouts/007.json"]);
        _toy.AssertRefuses("Image \"007.png\" has no layout in", Experiment(1));
        using var model = _toy.Load("run");
        var box = new RelativeBox(0, 0, 0.5, 0.5);
        Refuses("Unknown label 'gras'. Did you mean 'grass'?", [new("gras", box)]);
        Refuses("The layout has 2 objects; the model takes 1", [new("fire", box), new("grass", box)]);

        void Refuses(string message, IReadOnlyList<LayoutObject> objects) =>
            Assert.Contains(
                message,
                Assert
                    .Throws<UserInputException>(() =>
                        new ImageSampler(model).Sample(
                            new SamplingRequest { Inputs = [new() { Layout = new ShownLayout(objects) }] }
                        )
                    )
                    .Message
            );
    }

    public void Dispose() => _toy.Dispose();

    /// <summary>Of what has the object's colour and the object's box: their common area over that of both.</summary>
    private static double Overlap(RgbImage image, Layout layout)
    {
        var (common, either) = (0, 0);
        var colour = Colours[layout.Objects[0].Label];
        for (var i = 0; i < Size * Size; i++)
        {
            var (y, x) = Math.DivRem(i, Size);
            var pixel = image[x, y];
            var isPainted =
                Math.Abs(pixel.R - colour.R) + Math.Abs(pixel.G - colour.G) + Math.Abs(pixel.B - colour.B) < 150;
            var isInside = IsInside(layout.Objects[0].Box, x, y);
            common += isPainted && isInside ? 1 : 0;
            either += isPainted || isInside ? 1 : 0;
        }

        return common / (double)either;
    }

    private static bool IsInside(RelativeBox box, int x, int y) =>
        x + 0.5 > box.X * Size
        && x + 0.5 < (box.X + box.Width) * Size
        && y + 0.5 > box.Y * Size
        && y + 0.5 < (box.Y + box.Height) * Size;

    private static Layout LayoutOf(int number)
    {
        var random = new Random(number);
        var (left, top) = (random.Next(Size - 3), random.Next(Size - 3));
        var (width, height) = (random.Next(3, Size - left + 1), random.Next(3, Size - top + 1));
        var box = new RelativeBox(left / (double)Size, top / (double)Size, width / (double)Size, height / (double)Size);
        return new Layout(null, Size, Size, [new LayoutObject(number % 2 == 0 ? "fire" : "grass", box)]);
    }

    private static RgbImage Draw(Layout layout)
    {
        var image = RgbImage.Filled(Size, Size, Rgb.Black);
        for (var i = 0; i < Size * Size; i++)
        {
            var (y, x) = Math.DivRem(i, Size);
            if (IsInside(layout.Objects[0].Box, x, y))
            {
                var colour = Colours[layout.Objects[0].Label];
                (image.Pixels[3 * i], image.Pixels[3 * i + 1], image.Pixels[3 * i + 2]) = (
                    colour.R,
                    colour.G,
                    colour.B
                );
            }
        }

        return image;
    }
}
