using LatentDiffusion.Errors;
using LatentDiffusion.Kernels;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Kernels;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

public sealed class TiledFirstStageTests
{
    private const int Tile = 16;

    // Sums in a different order.
    private const double Rounding = 5e-5;

    // The same in float64, which the plain path computes in as well.
    private const double Exact = 1e-10;

    // Winograd's tiles lie differently in bands, and one network has many such convolutions.
    private const double KernelRounding = 1e-3;

    public static TheoryData<KernelKind, string, int, int> SizesWithoutAttention
    {
        get
        {
            var data = new TheoryData<KernelKind, string, int, int>();
            foreach (var kernels in KernelKinds.WithPlain)
            {
                data.Add(kernels, "kl", 48, 48);
                data.Add(kernels, "kl", 20, 36);
                data.Add(kernels, "kl", 4, 68);
                data.Add(kernels, "kl", 68, 4);
                data.Add(kernels, "vq", 44, 28);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(SizesWithoutAttention))]
    public void Without_attention_tiled_decoding_is_untiled_decoding(
        KernelKind kernels,
        string kind,
        int height,
        int width
    )
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var use = KernelChoice.Use(kernels);
        using var firstStage = Create(kind).to(TypeOf(kernels));
        var latents = Scene(firstStage.LatentChannels, height / 4, width / 4).to(TypeOf(kernels));

        var tiled = new TiledFirstStage(firstStage, Tile).Decode(latents);

        TensorAssert.Close(tiled, firstStage.Decode(latents), RoundingOf(kernels));
    }

    [Theory]
    [MemberData(nameof(SizesWithoutAttention))]
    public void Without_attention_tiled_encoding_is_untiled_encoding(
        KernelKind kernels,
        string kind,
        int height,
        int width
    )
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var use = KernelChoice.Use(kernels);
        using var firstStage = Create(kind).to(TypeOf(kernels));
        var images = Scene(3, height, width).to(TypeOf(kernels));

        var tiled = new TiledFirstStage(firstStage, Tile).EncodeMode(images);

        TensorAssert.Close(tiled, firstStage.ModeOfLatents(firstStage.Encode(images)), RoundingOf(kernels));
    }

    [Fact]
    public void Maps_are_stored_or_computed_again_with_the_same_result()
    {
        // Twice the channels at half the resolution are the shape at which both ways are taken.
        using var scope = torch.NewDisposeScope();
        using var use = KernelChoice.Use(KernelKind.Plain);
        using var noGradient = torch.no_grad();
        using var firstStage = new KlAutoencoder(
            new AutoencoderConfig
            {
                Channels = 32,
                ChannelMult = [1, 4, 1],
                NumResBlocks = 1,
                ZChannels = 3,
                Attention = AttentionType.None,
            },
            embedDim: 3
        );
        FormulaWeights.Fill(firstStage);
        firstStage.to(torch.float64);
        var latents = Scene(3, 10, 9).to(torch.float64);

        TensorAssert.Close(new TiledFirstStage(firstStage, Tile).Decode(latents), firstStage.Decode(latents), Exact);
    }

    [Fact]
    public void Batches_are_computed_image_by_image()
    {
        using var scope = torch.NewDisposeScope();
        using var use = KernelChoice.Use(KernelKind.Plain);
        using var noGradient = torch.no_grad();
        using var firstStage = Create("kl");
        var latents = torch.cat([Scene(3, 5, 7), Scene(3, 5, 7).neg()]);

        var tiled = new TiledFirstStage(firstStage, Tile).Decode(latents);

        TensorAssert.Close(tiled, firstStage.Decode(latents), Rounding);
    }

    [Theory]
    [InlineData("kl with attention", null)]
    [InlineData("kl with attention at a level", null)]
    [InlineData("kl with attention at a level", 0)]
    [InlineData("kl with attention at a level", 8)]
    public void Blended_tiles_leave_alone_what_attention_leaves_alone(string kind, int? overlap)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var use = KernelChoice.Use(KernelKind.Plain);
        using var firstStage = Create(kind);
        foreach (
            var (_, projection) in firstStage
                .named_parameters()
                .Where(p => p.name.Contains(".proj_out.", StringComparison.Ordinal))
        )
        {
            projection.zero_();
        }

        var latents = Scene(3, 14, 19);

        var tiled = new TiledFirstStage(firstStage, Tile, overlap).Decode(latents);

        TensorAssert.Close(tiled, firstStage.Decode(latents), Rounding);
    }

    [Theory]
    [InlineData("models/photo-kl-f4")]
    [InlineData("models/photo-kl-f8")]
    public void Shipped_models_show_no_seams(string model)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var (firstStage, _) = ModelFile.LoadFirstStage(Repository.PathOf(model));
        using var _ = firstStage;
        var images = DeadLeaves.Draw(count: 1, size: 256, seed: 4);
        var tiled = new TiledFirstStage(firstStage, tileSize: 64);
        var whole = firstStage.Decode(firstStage.ModeOfLatents(firstStage.Encode(images)));

        var difference = tiled.Decode(tiled.EncodeMode(images)).sub(whole).abs().max().item<float>();

        // Two of 255 levels; values span two units.
        Assert.InRange(difference, 0, 2 * 2 / 255f);
        // The picture is there: a model that draws nothing has no seams either.
        Assert.InRange(whole.std().div(images.std()).item<float>(), 0.7, 1.3);
    }

    [Fact]
    public void Attention_in_tiles_sees_less_than_the_whole_image()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var firstStage = Create("kl with attention");
        var latents = Scene(3, 14, 19);

        var tiled = new TiledFirstStage(firstStage, Tile).Decode(latents);

        Assert.False(tiled.allclose(firstStage.Decode(latents), rtol: 1e-2, atol: 1e-2));
    }

    [Theory]
    [InlineData("kl with linear attention")]
    [InlineData("kl with attention at a level")]
    public void Attention_encodes_and_decodes_any_size(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using var firstStage = Create(kind);
        var tiled = new TiledFirstStage(firstStage, Tile, overlap: 0);

        var latents = tiled.EncodeMode(Scene(3, 20, 52));
        var images = tiled.Decode(latents);

        Assert.Equal([1, 3, 5, 13], latents.shape);
        Assert.Equal([1, 3, 20, 52], images.shape);
        Assert.True(images.isfinite().all().item<bool>());
    }

    [Theory]
    [InlineData(16, 16)]
    [InlineData(4, 12)]
    public void Images_no_larger_than_a_tile_are_not_cut_up(int height, int width)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var firstStage = Create("kl with attention");
        var images = Scene(3, height, width);
        var tiled = new TiledFirstStage(firstStage, Tile);

        var latents = tiled.EncodeMode(images);

        TensorAssert.Equal(latents, firstStage.ModeOfLatents(firstStage.Encode(images)));
        TensorAssert.Equal(tiled.Decode(latents), firstStage.Decode(latents));
    }

    [Fact]
    public void Without_compression_tiles_change_nothing()
    {
        using var scope = torch.NewDisposeScope();
        using var firstStage = new IdentityFirstStage(3);
        var images = Scene(3, 9, 7);
        var tiled = new TiledFirstStage(firstStage, tileSize: 4);

        TensorAssert.Equal(tiled.EncodeMode(images), images);
        TensorAssert.Equal(tiled.Decode(images), images);
    }

    [Theory]
    [InlineData(18, null, "18")]
    [InlineData(0, null, "0")]
    [InlineData(16, 9, "9")]
    [InlineData(16, -1, "-1")]
    public void Tiles_that_do_not_fit_are_refused(int tile, int? overlap, string named)
    {
        using var firstStage = Create("kl");

        var error = Assert.Throws<UserInputException>(() => new TiledFirstStage(firstStage, tile, overlap));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_that_are_no_multiple_of_the_factor_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        using var firstStage = Create("kl");
        var images = Scene(3, 20, 30);

        var error = Assert.Throws<UserInputException>(() => new TiledFirstStage(firstStage, Tile).Encode(images));

        Assert.Contains("30x20", error.Message, StringComparison.Ordinal);
        Assert.Contains("multiples of 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_stage_is_left_as_it_was()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var firstStage = Create("kl with attention");
        var (small, large) = (Scene(3, 4, 4), Scene(3, 6, 9));
        var before = firstStage.Decode(small);

        new TiledFirstStage(firstStage, Tile).Decode(large);

        TensorAssert.Equal(firstStage.Decode(small), before);
    }

    private static double RoundingOf(KernelKind kernels) => kernels == KernelKind.Plain ? Exact : KernelRounding;

    private static torch.ScalarType TypeOf(KernelKind kernels) =>
        kernels == KernelKind.Plain ? torch.float64 : torch.float32;

    internal static FirstStage Create(string kind)
    {
        var config = new AutoencoderConfig
        {
            Channels = 32,
            ChannelMult = [1, 1, 2],
            NumResBlocks = 1,
            ZChannels = 3,
            Resolution = 32,
            AttentionResolutions = kind.EndsWith("level", StringComparison.Ordinal) ? [16] : [],
            Attention =
                kind.Contains("linear", StringComparison.Ordinal) ? AttentionType.Linear
                : kind.Contains("attention", StringComparison.Ordinal) ? AttentionType.Vanilla
                : AttentionType.None,
        };
        FirstStage firstStage =
            kind == "vq" ? new VqAutoencoder(config, embedDim: 3, codes: 8) : new KlAutoencoder(config, embedDim: 3);
        FormulaWeights.Fill(firstStage).eval();
        return firstStage;
    }

    // A flat part, a ramp and a fine texture: tiles of their own would have very different statistics.
    internal static torch.Tensor Scene(long channels, long height, long width)
    {
        using var scope = torch.NewDisposeScope();
        var texture = FormulaInput.X([1, channels, height, width], 1.7);
        var rows = torch.linspace(-1, 1, height).view(1, 1, -1, 1);
        var columns = torch.linspace(-1, 1, width).view(1, 1, 1, -1);
        return texture.mul(columns.clamp(min: 0)).add(rows.mul(0.5)).MoveToOuterDisposeScope();
    }
}
