using LatentDiffusion.Data;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Features;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Data;
using LatentDiffusion.Tests.Imaging;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Pipelines;

[Collection(nameof(ProcessWideState))]
public sealed class ReconstructionEvaluationTests
{
    private static readonly PerceptualMeasures Colours = new(
        new ColourFeatures(),
        (first, second) => (first - second).abs().mean([1, 2, 3], keepdim: true),
        (first, second) => (first - second).square().mean([1, 2, 3])
    );

    [Fact]
    public void Means_and_deviations_are_over_images()
    {
        // Differences of 1, 2 and 4 levels on images of three sizes.
        ReconstructionPair[] pairs = [Grey(16, 1), Grey(12, 2), Grey(12, 4)];
        using var evaluation = new ReconstructionEvaluation(Colours);
        var scores = evaluation.Measure(pairs).Select(scored => scored.Score).ToList();
        var summary = evaluation.Summarize();

        double[] expected = [.. new[] { 1, 2, 4 }.Select(d => 20 * Math.Log10(255.0 / d))];
        Assert.All(expected.Zip(scores), pair => Assert.Equal(pair.First, pair.Second.Psnr, 1e-9));
        Assert.Equal(expected.Average(), summary.Psnr.Mean, 1e-9);
        Assert.Equal(
            Math.Sqrt(expected.Average(e => Math.Pow(e - expected.Average(), 2))),
            summary.Psnr.Deviation,
            1e-9
        );
        Assert.Equal(3, summary.Count);
        Assert.Equal(7 / 3.0, summary.AbsoluteError.Mean, 1e-9);
        Assert.Equal(7 / 3.0 / 127.5, summary.Lpips!.Mean, 1e-6);
        Assert.Equal(21 / 3.0 / 127.5 / 127.5, summary.Psim!.Mean, 1e-6);
        Assert.InRange(summary.Ssim!.Mean, 0.99, 0.9999999);
        Assert.Equal("colours", summary.Features);

        static ReconstructionPair Grey(int size, byte difference) =>
            new(
                "grey",
                RgbImage.Filled(size, size, new Rgb(100, 100, 100)),
                RgbImage.Filled(
                    size,
                    size,
                    new Rgb((byte)(100 + difference), (byte)(100 + difference), (byte)(100 + difference))
                )
            );
    }

    [Fact]
    public void The_frechet_distance_of_shifted_colours_is_the_squared_shift()
    {
        var pairs = Enumerable
            .Range(0, 9)
            .Select(i => new ReconstructionPair(
                $"{i}",
                RgbImage.Filled(4, 4, new Rgb((byte)(20 * i), (byte)(i * i), 7)),
                RgbImage.Filled(4, 4, new Rgb((byte)(20 * i + 51), (byte)(i * i), 7))
            ));
        using var evaluation = new ReconstructionEvaluation(Colours);
        Assert.Equal(9, evaluation.Measure(pairs).Count());

        Assert.Equal(0.4 * 0.4, evaluation.Summarize().Rfid!.Value, 1e-4);
    }

    [Fact]
    public void Without_a_network_or_a_second_image_or_room_for_a_window_numbers_are_missing()
    {
        var pair = new ReconstructionPair("one", TestImages.Pattern(8, 8), RgbImage.Filled(8, 8, Rgb.White));
        using var plain = new ReconstructionEvaluation();
        using var single = new ReconstructionEvaluation(Colours);
        var score = plain.Measure([pair, pair]).First().Score;
        Assert.Single(single.Measure([pair]));

        Assert.Null(score.Ssim);
        Assert.Null(score.Lpips);
        Assert.Null(plain.Summarize().Rfid);
        Assert.Null(plain.Summarize().Features);
        Assert.Null(single.Summarize().Rfid);
        Assert.NotNull(single.Summarize().Lpips);
    }

    [Fact]
    public void Images_too_small_for_its_maps_leave_a_network_that_resizes_the_frechet_distance()
    {
        var network = new Demanding(smallest: 12);
        using var evaluation = new ReconstructionEvaluation(new PerceptualMeasures(network, network.Compare, null));
        ReconstructionPair[] pairs =
        [
            new("large", TestImages.Pattern(12, 12), RgbImage.Filled(12, 12, Rgb.White)),
            new("small", TestImages.Pattern(14, 11), RgbImage.Filled(14, 11, Rgb.White)),
        ];

        var scores = evaluation.Measure(pairs).Select(scored => scored.Score).ToList();
        var summary = evaluation.Summarize();

        Assert.NotNull(scores[0].Lpips);
        Assert.Null(scores[1].Lpips);
        Assert.Null(summary.Lpips);
        Assert.Null(summary.LpipsFeatures);
        Assert.True(summary.Rfid > 0);
        Assert.Null(summary.Size);
        Assert.Equal(
            "LPIPS and PSIM are left out: demanding takes images of at least 12 pixels a side, and there are images of 11.",
            Assert.Single(summary.LeftOut)
        );
    }

    [Fact]
    public void Inception_takes_images_that_are_smaller_than_its_maps_need()
    {
        using var distance = new PerceptualDistance(new InceptionFeatures());
        var measures = new PerceptualMeasures(distance.Network, null, distance.BetweenUnweighted);
        using var evaluation = new ReconstructionEvaluation(measures);

        var pair = new ReconstructionPair("small", TestImages.Pattern(16, 16), RgbImage.Filled(16, 16, Rgb.White));
        Assert.Null(Assert.Single(evaluation.Measure([pair])).Score.Psim);

        Assert.Equal((16, 16), evaluation.Summarize().Size!.Value);
        var left = Assert.Single(evaluation.Summarize().LeftOut);
        Assert.StartsWith("PSIM is left out: inception", left, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reconstruction_of_another_size_is_named()
    {
        using var evaluation = new ReconstructionEvaluation();
        var pair = new ReconstructionPair("cat/1.png", TestImages.Pattern(8, 8), TestImages.Pattern(8, 9));

        var refusal = Assert.Throws<UserInputException>(() => evaluation.Measure([pair]).ToList());
        Assert.Contains("\"cat/1.png\" is 8x9, its input 8x8", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(evaluation.Summarize);
    }

    [Fact]
    public void Images_come_back_in_order_from_a_first_stage_that_keeps_them()
    {
        using var firstStage = new IdentityFirstStage(3);
        var dataset = new ImageDataset(new MemorySource(11), new ImageTransform(4), seed: 0);

        var pairs = new Reconstruction(firstStage).Reconstruct(dataset, [10, 3, 4, 5, 6, 7, 0]).ToList();

        Assert.Equal(
            ["image 10", "image 3", "image 4", "image 5", "image 6", "image 7", "image 0"],
            pairs.Select(pair => pair.Name)
        );
        Assert.Equal([10, 3, 4, 5, 6, 7, 0], pairs.Select(pair => (int)pair.Input.Pixels[0]));
        // Truncation to 8 bits may take one level off.
        Assert.All(pairs, pair => Assert.InRange(pair.Input.Pixels[0] - pair.Output.Pixels[0], 0, 1));
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        using var firstStage = new IdentityFirstStage(3);
        var dataset = new ImageDataset(new MemorySource(6, 12, 12), new ImageTransform(12), seed: 0);
        LiveTensors.Unchanged(() =>
        {
            using var evaluation = new ReconstructionEvaluation(Colours);
            var pairs = new Reconstruction(firstStage).Reconstruct(dataset, Enumerable.Range(0, 6));
            Assert.Equal(6, evaluation.Measure(pairs).Count());
            Assert.NotNull(evaluation.Summarize().Rfid);
        });
    }

    /// <summary>Resizes images before they are embedded, as Inception does, and not before they are compared.</summary>
    private sealed class Demanding(int smallest) : IFeatureNetwork
    {
        public string Name => "demanding";

        public IReadOnlyList<int> StageChannels => [3];

        public int EmbeddingSize => 3;

        public int? InputSize => 299;

        public int SmallestImage => smallest;

        public Tensor Compare(Tensor first, Tensor second) =>
            (Stages(first)[0] - Stages(second)[0]).abs().mean([1, 2, 3]);

        public IReadOnlyList<Tensor> Stages(Tensor images) =>
            Math.Min(images.shape[2], images.shape[3]) >= smallest
                ? [images.alias()]
                : throw new ArgumentException("The images are too small.");

        public Tensor Embed(Tensor images) => images.mean([2, 3]);

        public void Dispose() { }
    }
}
