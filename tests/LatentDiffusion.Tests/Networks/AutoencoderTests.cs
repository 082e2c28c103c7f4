using CsCheck;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class AutoencoderTests
{
    private const int LatentChannels = 3;

    public static TheoryData<string, int> Kinds =>
        new MatrixTheoryData<string, int>(["kl", "vq"], [1, 2, 4, 8, 16, 32]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Images_of_any_fitting_size_come_back_in_their_size(string kind, int factor)
    {
        using var autoencoder = Create(kind, factor);
        var multiple = Gen.Int[1, 3];
        Gen.Select(multiple, multiple)
            .Sample(
                (rows, columns) =>
                {
                    using var scope = torch.NewDisposeScope();
                    using var noGradient = torch.no_grad();
                    var images = FormulaInput.X([2, 3, factor * rows, factor * columns], 0.011);
                    var latents = autoencoder.ModeOfLatents(autoencoder.Encode(images));
                    Assert.Equal([2, LatentChannels, rows, columns], latents.shape);
                    Assert.Equal(images.shape, autoencoder.Decode(latents).shape);
                },
                iter: 3,
                threads: 1
            );
        Assert.Equal(factor, autoencoder.DownsamplingFactor);
        Assert.Equal(LatentChannels, autoencoder.LatentChannels);
    }

    [Theory]
    [InlineData("kl", 6, 8)]
    [InlineData("kl", 8, 6)]
    [InlineData("vq", 6, 8)]
    [InlineData("vq", 8, 6)]
    public void Images_that_do_not_fit_are_refused(string kind, int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        using var autoencoder = Create(kind, factor: 4);

        Assert.Throws<ArgumentException>(() => autoencoder.Encode(torch.zeros(1, 3, height, width)));
        Assert.Throws<ArgumentException>(() => autoencoder.Encode(torch.zeros(3, 8, 8)));
    }

    [Theory]
    [InlineData("kl")]
    [InlineData("vq")]
    public void A_row_does_not_depend_on_the_rest_of_its_batch(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var autoencoder = FormulaWeights.Fill(Create(kind, factor: 2));
        autoencoder.to(torch.float64);
        var images = FormulaInput.X([3, 3, 8, 8], 0.7).to(torch.float64);

        var together = autoencoder.ModeOfLatents(autoencoder.Encode(images));
        var alone = autoencoder.ModeOfLatents(autoencoder.Encode(images[..1]));

        TensorAssert.Close(together[..1], alone);
        TensorAssert.Close(autoencoder.Decode(together)[..1], autoencoder.Decode(together[..1]));
    }

    [Fact]
    public void The_identity_changes_nothing()
    {
        using var scope = torch.NewDisposeScope();
        using var identity = new IdentityFirstStage(imageChannels: 3);
        var images = FormulaInput.X([2, 3, 5, 7]);

        var encoded = identity.Encode(images);

        TensorAssert.Equal(identity.Decode(identity.SampleLatents(encoded)), images);
        TensorAssert.Equal(identity.Decode(identity.ModeOfLatents(encoded)), images);
        Assert.Equal((3, 1), (identity.LatentChannels, identity.DownsamplingFactor));
        Assert.Empty(identity.state_dict());
    }

    [Fact]
    public void Vq_latents_are_drawn_without_randomness()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var autoencoder = Create("vq", factor: 2);
        var encoded = autoencoder.Encode(FormulaInput.X([1, 3, 4, 4]));

        TensorAssert.Equal(autoencoder.SampleLatents(encoded), encoded);
    }

    [Fact]
    public void Vq_decoding_quantises_first()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var autoencoder = FormulaWeights.Fill((VqAutoencoder)Create("vq", factor: 2));
        var latents = FormulaInput.X([1, LatentChannels, 4, 4]);

        var decoded = autoencoder.Decode(latents);

        TensorAssert.Equal(decoded, autoencoder.DecodeQuantized(autoencoder.Quantizer.Quantize(latents).Quantized));
        Assert.NotEqual(TensorAssert.Values(decoded), TensorAssert.Values(autoencoder.DecodeQuantized(latents)));
    }

    [Fact]
    public void Decoding_codes_unquantised_equals_decoding_the_latents_they_were_chosen_for()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var autoencoder = FormulaWeights.Fill((VqAutoencoder)Create("vq", factor: 2));
        var latents = FormulaInput.X([2, LatentChannels, 4, 4]);
        var indices = autoencoder.Quantizer.Quantize(latents).Indices;

        var codes = autoencoder.Quantizer.GetCodebookEntry(indices, 2, 4, 4, LatentChannels);

        TensorAssert.Close(autoencoder.DecodeQuantized(codes), autoencoder.Decode(latents), 1e-4);
        TensorAssert.Equal(autoencoder.DecodeQuantized(codes), autoencoder.Decode(codes));
    }

    private static FirstStage Create(string kind, int factor)
    {
        var config = new AutoencoderConfig
        {
            Channels = 32,
            ChannelMult = [.. Enumerable.Repeat(1, 1 + int.Log2(factor))],
            NumResBlocks = 1,
            ZChannels = 4,
        };
        return kind == "kl"
            ? new KlAutoencoder(config, LatentChannels)
            : new VqAutoencoder(config, LatentChannels, codes: 8);
    }
}
