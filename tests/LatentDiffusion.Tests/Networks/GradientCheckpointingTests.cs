using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Kernels;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Networks;

[Collection(nameof(ProcessWideState))]
public sealed class GradientCheckpointingTests
{
    public static MatrixTheoryData<string, KernelKind> Cases =>
        new(["unet", "unet with context", "autoencoder"], KernelKinds.WithPlain);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_are_the_same(string network, KernelKind kernels)
    {
        using var choice = KernelChoice.Use(kernels);
        using var scope = NewDisposeScope();
        var (module, loss) = Create(network);
        var expected = Gradients(module, loss);

        GradientCheckpointing.Set(module, on: true);
        var actual = Gradients(module, loss);

        Assert.NotEmpty(expected);
        Assert.Equal(expected.Keys, actual.Keys);
        // The timestep embedding's gradient is summed in another order; biases before a norm have nothing but rounding.
        var largest = expected.Values.Max(g => g.abs().max().item<float>());
        foreach (var (name, gradient) in expected)
        {
            var difference = gradient.sub(actual[name]).abs().max().item<float>();
            Assert.InRange(difference, 0, 1e-3 * gradient.abs().max().item<float>() + 1e-6 * largest);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Less_than_half_of_the_activations_is_kept(string network, KernelKind kernels)
    {
        using var choice = KernelChoice.Use(kernels);
        using var scope = NewDisposeScope();
        var (module, loss) = Create(network);
        var whole = KeptBytes(loss);

        GradientCheckpointing.Set(module, on: true);
        var less = KeptBytes(loss);

        Assert.InRange(less, 0, whole / 2);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void No_tensor_is_left_behind(string network, KernelKind kernels)
    {
        using var choice = KernelChoice.Use(kernels);
        using var scope = NewDisposeScope();
        var (module, loss) = Create(network);
        GradientCheckpointing.Set(module, on: true);
        List<long> counts = [];
        LiveTensors.CollectGarbage();
        for (var i = 0; i < 4; i++)
        {
            using (NewDisposeScope())
            {
                loss().backward();
            }

            counts.Add(Tensor.TotalCount);
        }

        // The first pass makes the gradients.
        Assert.Single(counts.Skip(1).Distinct());
    }

    private static (nn.Module Module, Func<Tensor> Loss) Create(string network)
    {
        random.manual_seed(3);
        if (network == "autoencoder")
        {
            var autoencoder = new KlAutoencoder(
                new AutoencoderConfig
                {
                    Channels = 32,
                    ChannelMult = [1, 2],
                    NumResBlocks = 2,
                    ZChannels = 4,
                    Resolution = 32,
                    Dropout = 0.2,
                },
                embedDim: 4
            );
            var images = rand(2, 3, 32, 32);
            return (
                Train(autoencoder),
                () => autoencoder.Decode(autoencoder.ModeOfLatents(autoencoder.Encode(images))).pow(2).mean()
            );
        }

        var transformer = network == "unet with context";
        var unet = new Unet(
            new UnetConfig
            {
                InChannels = 4,
                OutChannels = 4,
                ModelChannels = 32,
                ChannelMult = [1, 2],
                NumResBlocks = 2,
                AttentionResolutions = [2],
                NumHeads = 4,
                Dropout = 0.2,
                UseSpatialTransformer = transformer,
                ContextDim = transformer ? 24 : null,
            }
        );
        var x = randn(2, 4, 16, 16);
        var timesteps = tensor(new long[] { 3, 700 });
        // Like the output of a conditioner that is trained along.
        var context = transformer ? randn([2, 5, 24], requires_grad: true) : null;
        return (Train(unet), () => unet.Forward(x, timesteps, context).sub(1).pow(2).mean());
    }

    private static T Train<T>(T module)
        where T : nn.Module
    {
        module.train();
        return module.WithoutZeroWeights();
    }

    private static Dictionary<string, Tensor> Gradients(nn.Module module, Func<Tensor> loss)
    {
        foreach (var (_, parameter) in module.named_parameters())
        {
            parameter.grad = null;
        }

        random.manual_seed(11);
        loss().backward();
        return module
            .named_parameters()
            .Where(p => p.parameter.grad is not null)
            .ToDictionary(p => p.name, p => p.parameter.grad!.clone());
    }

    // The median, because caches of libtorch and the runtime grow and shrink by themselves.
    private static long KeptBytes(Func<Tensor> loss)
    {
        using var scope = NewDisposeScope();
        loss().Dispose();
        long[] kept =
        [
            KeptBytesOnce(loss),
            KeptBytesOnce(loss),
            KeptBytesOnce(loss),
            KeptBytesOnce(loss),
            KeptBytesOnce(loss),
        ];
        Array.Sort(kept);
        return kept[kept.Length / 2];
    }

    private static long KeptBytesOnce(Func<Tensor> loss)
    {
        using var scope = NewDisposeScope();
        var before = NativeHeap.BytesInUse();
        var kept = loss();
        return NativeHeap.BytesInUse() - before;
    }
}
