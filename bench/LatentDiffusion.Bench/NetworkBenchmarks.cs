using BenchmarkDotNet.Attributes;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Networks.Unets;
using static TorchSharp.torch;

namespace LatentDiffusion.Bench;

/// <summary>Forward passes of small networks.</summary>
public class NetworkBenchmarks : IDisposable
{
    private readonly Unet _unet = new(
        new UnetConfig
        {
            InChannels = 4,
            OutChannels = 4,
            ModelChannels = 64,
            ChannelMult = [1, 2, 4],
            NumResBlocks = 2,
            AttentionResolutions = [2, 4],
            NumHeads = 8,
            UseSpatialTransformer = true,
            ContextDim = 64,
        }
    );

    private readonly KlAutoencoder _autoencoder = new(
        new AutoencoderConfig
        {
            Channels = 32,
            ChannelMult = [1, 2, 2],
            NumResBlocks = 1,
            ZChannels = 4,
            Resolution = 64,
            Attention = AttentionType.None,
        },
        embedDim: 4
    );

    private readonly Tensor _latents = randn(16, 4, 16, 16);
    private readonly Tensor _context = randn(16, 16, 64);
    private readonly Tensor _timesteps = arange(16, dtype: int64);
    private readonly Tensor _images = rand(16, 3, 64, 64);

    [Benchmark]
    public void UnetForward()
    {
        using var inference = no_grad();
        _unet.Forward(_latents, _timesteps, _context).Dispose();
    }

    [Benchmark]
    public void AutoencoderEncode()
    {
        using var inference = no_grad();
        _autoencoder.Encode(_images).Dispose();
    }

    [Benchmark]
    public void AutoencoderDecode()
    {
        using var inference = no_grad();
        _autoencoder.Decode(_latents).Dispose();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _unet.Dispose();
        _autoencoder.Dispose();
        GC.SuppressFinalize(this);
    }
}
