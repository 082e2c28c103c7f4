using LatentDiffusion.Networks.Discriminators;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks.Discriminators;

public sealed class PatchDiscriminatorTests
{
    [Theory]
    [InlineData("disc_n2_bn_train", 2, DiscriminatorNormalization.Batch)]
    [InlineData("disc_n3_bn_train", 3, DiscriminatorNormalization.Batch)]
    [InlineData("disc_n2_actnorm_first_train_pass", 2, DiscriminatorNormalization.Actnorm)]
    public void Scores_and_names_equal_the_reference(string name, int layers, DiscriminatorNormalization normalization)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var golden = GoldenCase.Load("losses", name);
        using var discriminator = FormulaWeights.Fill(
            new PatchDiscriminator(
                new DiscriminatorConfig
                {
                    Layers = layers,
                    Features = 8,
                    Normalization = normalization,
                }
            )
        );
        discriminator.train();

        var scores = discriminator.forward(FormulaInput.X([2, 3, 32, 32], 0.011));

        Assert.Equal(golden.Strings("keys").Order(), discriminator.state_dict().Keys.Order());
        TensorAssert.Close(scores, golden.Tensor("out"), 2e-5);
    }

    [Theory]
    [InlineData(3, 2_765_633, 30)]
    [InlineData(2, 663_361, 62)]
    public void The_published_shapes_have_their_parameters_and_scores(int layers, long parameters, long side)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var discriminator = new PatchDiscriminator(new DiscriminatorConfig { Layers = layers });

        Assert.Equal(parameters, discriminator.parameters().Sum(p => p.numel()));
        Assert.Equal([1, 1, side, side], discriminator.forward(torch.zeros(1, 3, 256, 256)).shape);
    }

    [Fact]
    public void Act_norm_brings_the_first_training_batch_to_unit_deviation_and_then_stays()
    {
        using var scope = torch.NewDisposeScope();
        using var layer = new ActivationNormalization(4);
        using var generator = new torch.Generator(3, torch.CPU);
        var first = torch.randn([8, 4, 6, 6], generator: generator).mul(3).add(5);

        var normalized = layer.forward(first);
        var loc = layer.state_dict()["loc"].clone();
        layer.forward(first.mul(7));

        TensorAssert.Close(normalized.mean([0L, 2L, 3L]).add(1), torch.ones(4), 1e-5);
        TensorAssert.Close(normalized.std([0L, 2L, 3L]), torch.ones(4), 1e-5);
        TensorAssert.Equal(layer.state_dict()["loc"], loc);
    }

    [Fact]
    public void With_group_normalisation_an_image_is_judged_alone()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var discriminator = new PatchDiscriminator(
            new DiscriminatorConfig
            {
                Layers = 2,
                Features = 16,
                Normalization = DiscriminatorNormalization.Group,
            }
        );
        using var generator = new torch.Generator(5, torch.CPU);
        var images = torch.randn([3, 3, 32, 32], generator: generator);

        var together = discriminator.forward(images);
        var alone = discriminator.forward(images.narrow(0, 1, 1));

        TensorAssert.Close(together.narrow(0, 1, 1), alone, 1e-4);
    }

    [Fact]
    public void Images_that_leave_no_score_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        using var discriminator = new PatchDiscriminator(new DiscriminatorConfig { Features = 8 });

        var error = Assert.Throws<ArgumentException>(() => discriminator.forward(torch.zeros(1, 3, 8, 8)));

        Assert.Contains("8x8", error.Message, StringComparison.Ordinal);
    }
}
