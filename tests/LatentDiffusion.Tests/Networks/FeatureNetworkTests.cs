using LatentDiffusion.Networks.Features;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Networks;

[Collection(nameof(ProcessWideState))]
public sealed class FeatureNetworkTests
{
    private static readonly FeatureClassifierConfig Config = new() { Channels = [16, 32, 48] };

    private static readonly ClassifierHeadConfig[] Heads =
    [
        new() { Name = "animals", Classes = 5 },
        new() { Name = "tools", Classes = 7 },
    ];

    [Theory]
    [InlineData(16, 16)]
    [InlineData(17, 23)]
    [InlineData(4, 40)]
    public void Every_stage_halves_the_map_and_is_not_negative(int height, int width)
    {
        using var scope = NewDisposeScope();
        using var network = Create();

        var maps = network.Stages(Images(height, width));

        Assert.Equal([16, 32, 48], network.StageChannels);
        Assert.Equal(
            [
                [2, 16, height, width],
                [2, 32, height / 2, width / 2],
                [2, 48, height / 4, width / 4],
            ],
            maps.Select(map => map.shape)
        );
        Assert.All(maps, map => Assert.True(map.min().item<float>() >= 0 && map.max().item<float>() > 0));
    }

    [Fact]
    public void The_embedding_is_the_mean_of_the_last_map()
    {
        using var scope = NewDisposeScope();
        using var network = Create();
        var images = Images(16, 20);

        var embedding = network.Embed(images);

        Assert.Equal(48, network.EmbeddingSize);
        TensorAssert.Close(embedding, network.Stages(images)[^1].mean([2, 3]));
    }

    [Fact]
    public void One_pass_reads_embedding_classes_of_the_first_head_and_a_grid_of_the_middle_stage()
    {
        using var scope = NewDisposeScope();
        using var classifier = CreateClassifier();
        using var network = new FeatureNetwork(classifier, "test");
        using var noGradient = no_grad();
        var images = Images(16, 24);

        var reading = network.Read(images);
        var middle = network.Stages(images)[1];

        Assert.Equal((5, 512), (network.ClassCount, network.SpatialSize));
        TensorAssert.Close(reading.Embedding, network.Embed(images));
        TensorAssert.Close(reading.Logits!, classifier.Classify(network.Embed(images), 0));
        // 32 channels of an 8x12 map in cells of 2x3 pixels.
        TensorAssert.Close(reading.Spatial!, middle.reshape(2, 32, 4, 2, 4, 3).mean([3, 5]).flatten(1), 1e-5);
        Assert.DoesNotContain(network.state_dict().Keys, key => key.Contains("head", StringComparison.Ordinal));
    }

    [Fact]
    public void Folded_normalisation_computes_what_the_classifier_does_after_training()
    {
        using var scope = NewDisposeScope();
        using var classifier = CreateClassifier();
        using var network = new FeatureNetwork(classifier, "test");
        using var noGradient = no_grad();
        classifier.eval();

        var expected = classifier.Embed(Images(16, 16));

        TensorAssert.Close(network.Embed(Images(16, 16)), expected, 1e-4);
        Assert.DoesNotContain(network.state_dict().Keys, key => key.Contains("norms", StringComparison.Ordinal));
    }

    [Fact]
    public void Images_get_gradients_and_weights_do_not()
    {
        using var scope = NewDisposeScope();
        using var network = Create();
        var images = Images(16, 16).requires_grad_();

        network.Stages(images).Select(map => map.pow(2).mean()).Aggregate((sum, part) => sum.add(part)).backward();

        Assert.True(images.grad!.abs().min().item<float>() >= 0 && images.grad.abs().sum().item<float>() > 0);
        Assert.All(network.parameters(), parameter => Assert.False(parameter.requires_grad));
        Assert.All(network.parameters(), parameter => Assert.Null(parameter.grad));
    }

    [Fact]
    public void The_gradient_is_that_of_finite_differences()
    {
        using var scope = NewDisposeScope();
        using var network = Create();
        network.to(float64);
        var images = Images(16, 16).to(float64).requires_grad_();
        var direction = randn(images.shape, float64);
        Tensor Value(Tensor x) => network.Stages(x).Select(map => map.pow(2).mean()).Aggregate((a, b) => a.add(b));

        Value(images).backward();

        const double Step = 1e-6;
        using var noGradient = no_grad();
        var slope = Value(images.add(direction * Step)).sub(Value(images.sub(direction * Step))).div(2 * Step);
        TensorAssert.Close(images.grad!.mul(direction).sum(), slope, 1e-5);
    }

    [Fact]
    public void Images_it_cannot_use_are_refused()
    {
        using var scope = NewDisposeScope();
        using var network = Create();

        Assert.Throws<ArgumentException>(() => network.Stages(zeros(1, 3, 3, 16)));
        Assert.Throws<ArgumentException>(() => network.Embed(zeros(1, 1, 16, 16)));
        Assert.Throws<ArgumentException>(() => network.Embed(zeros(3, 16, 16)));
    }

    [Fact]
    public void Tensors_are_named_by_stage_and_head()
    {
        using var classifier = CreateClassifier();
        var names = classifier.state_dict().Keys;

        Assert.Equal(3 * (2 + 2 * 4) + 2 * 2, names.Count);
        Assert.Superset(
            new HashSet<string>
            {
                "stages.0.convs.0.weight",
                "stages.2.convs.1.weight",
                "stages.2.norms.1.weight",
                "stages.2.norms.1.bias",
                "stages.2.norms.1.running_mean",
                "stages.2.norms.1.running_var",
                "heads.animals.weight",
                "heads.tools.bias",
            },
            names.ToHashSet()
        );
    }

    [Fact]
    public void A_call_frees_all_but_its_results()
    {
        using var network = Create();
        using var images = Images(16, 16);
        LiveTensors.Unchanged(() =>
        {
            using var embedding = network.Embed(images);
            foreach (var map in network.Stages(images))
            {
                map.Dispose();
            }
        });
    }

    [Fact]
    public void A_disposed_network_leaves_nothing_to_the_garbage_collector() =>
        LiveTensors.NoneLeftToFinalizers(() => Create().Dispose());

    [Fact]
    public void Batch_normalisation_is_pytorchs()
    {
        using var scope = NewDisposeScope();
        using var layer = FormulaWeights.Fill(new BatchNormalization(5));
        using var reference = nn.BatchNorm2d(5);
        reference.load_state_dict(layer.state_dict(), strict: false);
        for (var i = 0; i < 3; i++)
        {
            var x = FormulaInput.X([4, 5, 3, 2], 0.3 * i);
            TensorAssert.Close(layer.forward(x), reference.forward(x));
        }

        layer.eval();
        reference.eval();
        var unseen = FormulaInput.X([1, 5, 2, 2], 0.9);
        TensorAssert.Close(layer.forward(unseen), reference.forward(unseen));
        TensorAssert.Close(layer.state_dict()["running_var"], reference.state_dict()["running_var"]);
    }

    private static FeatureNetwork Create()
    {
        using var classifier = CreateClassifier();
        return new FeatureNetwork(classifier, "test");
    }

    // With running statistics that are not the initial ones.
    private static FeatureClassifier CreateClassifier()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        var classifier = new FeatureClassifier(Config, Heads);
        using var noGradient = no_grad();
        for (var i = 0; i < 3; i++)
        {
            classifier.Embed(randn(8, 3, 16, 16));
        }

        return classifier;
    }

    private static Tensor Images(int height, int width)
    {
        random.manual_seed(4);
        return rand(2, 3, height, width).mul_(2).sub_(1);
    }
}
