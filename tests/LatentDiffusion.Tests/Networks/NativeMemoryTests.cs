using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

/// <summary>Networks free all they allocate: when disposed, and in every call all but what they return.</summary>
[Collection(nameof(ProcessWideState))]
public sealed class NativeMemoryTests
{
    private static readonly UnetConfig UnetConfig = new()
    {
        InChannels = 3,
        OutChannels = 3,
        ModelChannels = 32,
        ChannelMult = [1, 2],
        NumResBlocks = 1,
        AttentionResolutions = [2],
        NumHeads = 2,
        NumClasses = 4,
        Dropout = 0.1,
    };

    private static readonly AutoencoderConfig Autoencoder = new()
    {
        Channels = 32,
        ChannelMult = [1, 2],
        NumResBlocks = 1,
        AttentionResolutions = [16],
        Resolution = 16,
        ZChannels = 3,
        Dropout = 0.1,
    };

    public static TheoryData<string> UnetKinds => ["attention", "attention, resampling blocks", "cross-attention"];

    public static TheoryData<string> AutoencoderKinds => ["kl", "kl, linear attention", "vq", "identity"];

    [Theory]
    [MemberData(nameof(UnetKinds))]
    public void A_disposed_unet_leaves_nothing_to_the_garbage_collector(string kind) =>
        LiveTensors.NoneLeftToFinalizers(() => CreateUnet(kind).Dispose());

    [Theory]
    [MemberData(nameof(AutoencoderKinds))]
    public void A_disposed_autoencoder_leaves_nothing_to_the_garbage_collector(string kind) =>
        LiveTensors.NoneLeftToFinalizers(() => CreateAutoencoder(kind).Dispose());

    [Theory]
    [MemberData(nameof(UnetKinds))]
    public void A_call_of_a_unet_frees_all_but_its_result(string kind)
    {
        using var unet = CreateUnet(kind);
        using var inputs = new UnetInputs();
        LiveTensors.Unchanged(() =>
        {
            using var noGradient = torch.no_grad();
            using var output = inputs.RunThrough(unet);
        });
    }

    [Theory]
    [MemberData(nameof(UnetKinds))]
    public void A_training_step_of_a_unet_frees_everything(string kind)
    {
        using var unet = CreateUnet(kind);
        using var inputs = new UnetInputs();
        LiveTensors.Unchanged(() =>
        {
            using var scope = torch.NewDisposeScope();
            inputs.RunThrough(unet).pow(2).mean().backward();
            Assert.All(unet.parameters(), parameter => Assert.NotNull(parameter.grad));
        });
    }

    [Theory]
    [MemberData(nameof(AutoencoderKinds))]
    public void Calls_of_an_autoencoder_free_all_but_their_results(string kind)
    {
        using var autoencoder = CreateAutoencoder(kind);
        using var images = FormulaInput.X([1, 3, 8, 8]);
        LiveTensors.Unchanged(() =>
        {
            using var noGradient = torch.no_grad();
            using var encoded = autoencoder.Encode(images);
            using var sample = autoencoder.SampleLatents(encoded);
            using var mode = autoencoder.ModeOfLatents(encoded);
            using var decoded = autoencoder.Decode(sample);
        });
    }

    [Theory]
    [InlineData("kl")]
    [InlineData("vq")]
    public void A_training_step_of_an_autoencoder_frees_everything(string kind)
    {
        using var autoencoder = CreateAutoencoder(kind);
        using var images = FormulaInput.X([1, 3, 8, 8]);
        LiveTensors.Unchanged(() =>
        {
            using var scope = torch.NewDisposeScope();
            var latents = autoencoder.SampleLatents(autoencoder.Encode(images));
            autoencoder.Decode(latents).sub(images).pow(2).mean().backward();
        });
    }

    [Fact]
    public void Calls_of_quantiser_and_class_embedder_free_all_but_their_results()
    {
        using var quantizer = new VectorQuantizer(codes: 4, dimension: 3, remap: new CodebookRemap([2, 1]));
        using var generator = new torch.Generator(0);
        var usage = new CodebookUsage(codes: 4);
        using var embedder = new ClassEmbedder(embedDim: 4, classes: 3);
        using var latents = FormulaInput.X([1, 3, 2, 2]);
        using var labels = torch.zeros(2, torch.int64);
        LiveTensors.Unchanged(() =>
        {
            var (quantized, loss, indices) = quantizer.Quantize(latents);
            quantizer.Lookup(indices, 1, 2, 2).Dispose();
            using (var remapped = quantizer.RemapToUsed(indices, generator))
            {
                quantizer.GetCodebookEntry(remapped, 1, 2, 2, 3).Dispose();
            }

            usage.Add(indices);
            quantizer.ResetDeadCodes(usage.DeadCodes(), latents, generator);
            embedder.Forward(labels).Dispose();
            quantized.Dispose();
            loss.Dispose();
            indices.Dispose();
        });
    }

    [Fact]
    public void Weights_outlive_the_dispose_scope_in_which_their_module_was_built()
    {
        using var built = torch.NewDisposeScope();
        torch.nn.Module[] modules =
        [
            CreateUnet("cross-attention"),
            CreateAutoencoder("kl"),
            CreateAutoencoder("vq"),
            new ClassEmbedder(embedDim: 4, classes: 3),
            new GroupNormalization(32, GroupNormalization.UnetEpsilon),
        ];
        built.Dispose();

        foreach (var module in modules)
        {
            Assert.All(module.parameters(), parameter => Assert.True(double.IsFinite(parameter.sum().item<float>())));
            module.Dispose();
        }
    }

    private static Unet CreateUnet(string kind) =>
        new(
            kind switch
            {
                "cross-attention" => UnetConfig with { UseSpatialTransformer = true, ContextDim = 8 },
                "attention" => UnetConfig,
                _ => UnetConfig with { ResblockUpdown = true, UseScaleShiftNorm = true },
            }
        );

    private static FirstStage CreateAutoencoder(string kind) =>
        kind switch
        {
            "kl" => new KlAutoencoder(Autoencoder, embedDim: 3),
            "kl, linear attention" => new KlAutoencoder(
                Autoencoder with
                {
                    Attention = AttentionType.Linear,
                },
                embedDim: 3
            ),
            "vq" => new VqAutoencoder(Autoencoder, embedDim: 3, codes: 8),
            _ => new IdentityFirstStage(imageChannels: 3),
        };

    private sealed class UnetInputs : IDisposable
    {
        private readonly torch.Tensor _x = FormulaInput.X([1, 3, 4, 4]);
        private readonly torch.Tensor _timesteps = torch.zeros(1, torch.int64);
        private readonly torch.Tensor _context = FormulaInput.X([1, 5, 8]);

        public torch.Tensor RunThrough(Unet unet) =>
            unet.Forward(_x, _timesteps, unet.Config.UseSpatialTransformer ? _context : null, _timesteps);

        public void Dispose()
        {
            _x.Dispose();
            _timesteps.Dispose();
            _context.Dispose();
        }
    }
}
