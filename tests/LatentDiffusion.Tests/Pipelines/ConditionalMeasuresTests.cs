using LatentDiffusion.Data;
using LatentDiffusion.Data.Annotations;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Obedience;
using LatentDiffusion.Tests.Data;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Pipelines;

[Collection(nameof(ProcessWideState))]
public sealed class ConditionalMeasuresTests
{
    private const int MostWaiting = 4;

    private static readonly ConditionLabels Labels = new(["red", "green"], ["red", "green"]);

    private static readonly List<ConditionalDraw> Draws = ConditionObedienceTests.Draws(draw =>
        RgbImage.Filled(draw.Original.Width, draw.Original.Height, new Rgb(200, 20, 20))
    );

    private static IEnumerable<MappedImage> Examples =>
        Draws.Where((_, i) => i % 2 == 0).Select(draw => new MappedImage(draw.Original, draw.Input.Map!));

    [Fact]
    public void Samples_are_measured_while_others_are_drawn()
    {
        var network = new Watched();
        var learned = 0;

        var measures = ConditionalMeasures.Of(
            Drawn(),
            Examples.Select(example =>
            {
                learned++;
                return example;
            }),
            Labels,
            new PerceptualMeasures(network, null, null)
        );

        Assert.Equal(Draws.Count, measures.Pairs.Count);

        IEnumerable<ConditionalDraw> Drawn()
        {
            // The judge of maps has learned before anything is drawn.
            Assert.Equal(Draws.Count / 2, learned);
            foreach (var (i, draw) in Draws.Index())
            {
                // Of each pair both images.
                Assert.True(network.Embedded >= 2 * (i - MostWaiting), $"{network.Embedded} at {i}");
                yield return draw;
            }
        }
    }

    [Fact]
    public void Figures_are_those_of_each_measure_alone()
    {
        var network = new ColourFeatures();
        var perceptual = new PerceptualMeasures(network, null, null);
        using var evaluation = new ReconstructionEvaluation(perceptual);
        var pairs = Draws.Select(draw => new ReconstructionPair(draw.Name, draw.Original, draw.Sample));
        Assert.Equal(Draws.Count, evaluation.Measure(pairs).Count());

        var measures = ConditionalMeasures.Of(Draws, Examples, Labels, perceptual);

        Assert.Equal(evaluation.Summarize().Psnr.Mean, measures.Pairs.Psnr.Mean, 1e-12);
        Assert.Equal(evaluation.Summarize().Rfid!.Value, measures.Pairs.Rfid!.Value, 1e-9);
        Assert.Equal(MapObedience.Of(Draws, 2, network), measures.Maps);
        Assert.Equal(BoxObedience.Of(Draws, network), measures.Layouts);
        Assert.Null(measures.Bicubic);
        Assert.Empty(measures.LeftOut);
    }

    [Fact]
    public void Enlarging_is_measured_where_all_draws_have_low_resolution()
    {
        var low = RgbImage.Filled(6, 6, new Rgb(20, 200, 20));
        ConditionalDraw[] draws =
        [
            .. Enumerable
                .Range(0, 6)
                .Select(i => new ConditionalDraw(
                    $"{i}",
                    new ConditionInput { LowResolution = low },
                    RgbImage.Filled(24, 24, new Rgb(20, 200, 22)),
                    RgbImage.Filled(24, 24, new Rgb(20, 210, 22))
                )),
        ];

        var all = ConditionalMeasures.Of(draws, [], ConditionLabels.None, perceptual: null);
        draws[^1] = draws[^1] with { Input = ConditionInput.None };
        var some = ConditionalMeasures.Of(draws, [], ConditionLabels.None, perceptual: null);

        Assert.Equal(2 / 3.0, all.Bicubic!.AbsoluteError.Mean, 1e-9);
        Assert.Equal(10 / 3.0, all.Pairs.AbsoluteError.Mean, 1e-9);
        Assert.Null(some.Bicubic);
    }

    [Fact]
    public void Maps_of_images_that_are_too_small_for_the_network_are_not_judged()
    {
        var measures = ConditionalMeasures.Of(
            Draws,
            Examples,
            Labels,
            new PerceptualMeasures(new Watched(smallest: 75), null, null)
        );

        Assert.Null(measures.Maps);
        Assert.NotNull(measures.Layouts);
        Assert.NotNull(measures.Pairs.Rfid);
        Assert.Contains(measures.LeftOut, l => l.StartsWith("Label maps are not judged", StringComparison.Ordinal));
    }

    [Fact]
    public void The_judge_of_maps_learns_from_every_other_image()
    {
        var images = new ImageDataset(new MemorySource(9), new ImageTransform(4), seed: 0).With([new NumberedMaps()]);

        var examples = MapObedience.Examples(images, [8, 5, 3, 1], TestContext.Current.CancellationToken).ToList();

        Assert.Equal([8, 3], examples.Select(example => (int)example.Image.Pixels[0]));
        Assert.Equal([8, 3], examples.Select(example => (int)example.Map.Ids[0]));
    }

    private sealed class NumberedMaps : IImageAnnotator
    {
        public ImageAnnotations Annotate(ImageAnnotations annotations, TransformedImage image) =>
            annotations with
            {
                Map = new LabelMap(1, 1, [(byte)image.Index]),
            };
    }

    /// <summary>Counts the images that it has embedded; of the others it wants some size, as Inception does.</summary>
    private sealed class Watched(int smallest = 1) : IFeatureNetwork
    {
        public int Embedded { get; private set; }

        public string Name => "watched";

        public IReadOnlyList<int> StageChannels => [3];

        public int EmbeddingSize => 3;

        public int? InputSize => 299;

        public int SmallestImage => smallest;

        public IReadOnlyList<Tensor> Stages(Tensor images) =>
            Math.Min(images.shape[2], images.shape[3]) >= smallest
                ? [images.alias()]
                : throw new ArgumentException("The images are too small.");

        public Tensor Embed(Tensor images)
        {
            Embedded += (int)images.shape[0];
            return images.mean([2, 3]);
        }

        public void Dispose() { }
    }
}
