using BenchmarkDotNet.Attributes;
using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Networks.Unets;
using static TorchSharp.torch;

namespace LatentDiffusion.Bench;

/// <summary>Single layers at the shapes where networks spend their time, on our kernels and on plain libtorch.</summary>
public class OperatorBenchmarks : IDisposable
{
    private readonly ConvolutionLayer _decoderConvolution = Layer.Convolution3x3(128, 128);
    private readonly ConvolutionLayer _unetConvolution = Layer.Convolution3x3(640, 640);
    private readonly ConvolutionLayer _smallConvolution = Layer.Convolution3x3(128, 128);
    private readonly GroupNormalization _norm = new(128, GroupNormalization.AutoencoderEpsilon);
    private readonly LinearLayer _linear = new(320, 2560);
    private readonly FeedForward _feedForward = new(320);
    private readonly Tensor _decoderMap = ChannelsLastMap(1, 128, 256, 256);
    private readonly Tensor _unetMap = ChannelsLastMap(2, 640, 32, 32);
    private readonly Tensor _smallMap = ChannelsLastMap(16, 128, 8, 8);
    private readonly Tensor _tokens = randn(2, 4096, 320);
    private readonly Tensor _heads = randn(2, 8, 4096, 40);
    private IDisposable? _choice;
    private IDisposable? _inference;

    /// <summary>Which code computes.</summary>
    [ParamsSource(nameof(AllKernels))]
    public KernelKind Kernels { get; set; }

    public static IEnumerable<KernelKind> AllKernels =>
        Enum.GetValues<KernelKind>().Where(kind => kind <= KernelChoice.Best);

    [GlobalSetup]
    public void Choose()
    {
        _choice = KernelChoice.Use(Kernels);
        _inference = no_grad();
    }

    [Benchmark]
    public void Convolution128At256() => _decoderConvolution.forward(_decoderMap).Dispose();

    [Benchmark]
    public void Convolution640At32Batch2() => _unetConvolution.forward(_unetMap).Dispose();

    [Benchmark]
    public void Convolution128At8Batch16() => _smallConvolution.forward(_smallMap).Dispose();

    [Benchmark]
    public void EnlargingConvolution128At256() => _decoderConvolution.ForwardEnlarged(_decoderMap).Dispose();

    [Benchmark]
    public void GroupNormSilu128At256() => _norm.ForwardSilu(_decoderMap).Dispose();

    [Benchmark]
    public void Linear320To2560() => _linear.forward(_tokens).Dispose();

    [Benchmark]
    public void FeedForward320() => _feedForward.forward(_tokens).Dispose();

    [Benchmark]
    public void Attention4096Tokens8Heads() => Layer.Attention(_heads, _heads, _heads).Dispose();

    [GlobalCleanup]
    public void Dispose()
    {
        _inference?.Dispose();
        _choice?.Dispose();
        foreach (
            IDisposable owned in (IDisposable[])
                [
                    _decoderConvolution,
                    _unetConvolution,
                    _smallConvolution,
                    _norm,
                    _linear,
                    _feedForward,
                    _decoderMap,
                    _unetMap,
                    _smallMap,
                    _tokens,
                    _heads,
                ]
        )
        {
            owned.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    private static Tensor ChannelsLastMap(long batch, long channels, long height, long width) =>
        randn(batch, height, width, channels).permute(0, 3, 1, 2);
}
