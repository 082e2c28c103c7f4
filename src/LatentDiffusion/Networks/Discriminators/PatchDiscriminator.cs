using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Discriminators;

/// <summary>
/// The PatchGAN discriminator (Isola et al. 2017) of the first stage's adversarial loss (LDM section 3.1 and appendix G):
/// every score judges one patch of the image. State-dict names are the reference's.
/// </summary>
public sealed class PatchDiscriminator : ExplicitModule<Tensor, Tensor>
{
    private const int Kernel = 4;
    private const double LeakySlope = 0.2;
    private const double InitialDeviation = 0.02;
    private const int MostDoubled = 8;

    private readonly List<(ConvolutionLayer Convolution, nn.Module<Tensor, Tensor>? Normalization)> _layers = [];

    /// <summary>Builds the discriminator with the reference's initial weights, N(0, 0.02).</summary>
    /// <param name="config">Layers, channels, normalisation.</param>
    /// <param name="imageChannels">Channels of the images.</param>
    public PatchDiscriminator(DiscriminatorConfig config, int imageChannels = 3)
        : base(nameof(PatchDiscriminator))
    {
        ArgumentNullException.ThrowIfNull(config);
        using var scope = NewDisposeScope();
        // Batch and group normalisation subtract what a bias adds.
        var bias = config.Normalization == DiscriminatorNormalization.Actnorm;
        _layers.Add((Convolution(imageChannels, config.Features, stride: 2, bias: true), null));
        var channels = config.Features;
        for (var i = 1; i <= config.Layers; i++)
        {
            var output = config.Features * Math.Min(1 << i, MostDoubled);
            var stride = i < config.Layers ? 2 : 1;
            _layers.Add((Convolution(channels, output, stride, bias), Normalization(config.Normalization, output)));
            channels = output;
        }

        _layers.Add((Convolution(channels, 1, stride: 1, bias: true), null));
        register_module("main", new KeyGroup([.. Numbered(_layers)]));
        this.OwnWeights();
    }

    /// <summary>Scores patches; higher means more like a real image. There is no final sigmoid.</summary>
    /// <param name="input">Images [B, C, H, W] in [-1, 1].</param>
    /// <returns>[B, 1, H', W'].</returns>
    /// <exception cref="ArgumentException">The images are too small for a single score.</exception>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var scope = NewDisposeScope();
        var h = input;
        foreach (var (index, (convolution, normalization)) in _layers.Index())
        {
            if (Math.Min(h.shape[2], h.shape[3]) < Kernel - 2)
            {
                throw new ArgumentException(
                    $"Images of {input.shape[3]}x{input.shape[2]} pixels are too small for the discriminator's {_layers.Count} layers.",
                    nameof(input)
                );
            }

            h = convolution.forward(h);
            h = normalization?.forward(h) ?? h;
            if (index < _layers.Count - 1)
            {
                h = h.leaky_relu(Scalars.Of(LeakySlope));
            }
        }

        return h.MoveToOuterDisposeScope();
    }

    private static ConvolutionLayer Convolution(long input, long output, int stride, bool bias)
    {
        var layer = new ConvolutionLayer(input, output, Kernel, stride, padding: 1, bias);
        using var noGradient = no_grad();
        layer.Weight.normal_(0, InitialDeviation);
        return layer;
    }

    private static nn.Module<Tensor, Tensor> Normalization(DiscriminatorNormalization kind, long channels)
    {
        switch (kind)
        {
            case DiscriminatorNormalization.Actnorm:
                return new ActivationNormalization(channels);
            case DiscriminatorNormalization.Group:
                return new GroupNormalization(channels, GroupNormalization.UnetEpsilon);
            default:
                var batch = new BatchNormalization(channels, countsBatches: true);
                using (no_grad())
                {
                    batch.Weight.normal_(1, InitialDeviation);
                }

                return batch;
        }
    }

    // The published names count convolutions, normalisations and activations alike.
    private static IEnumerable<(string, nn.Module)> Numbered(
        IEnumerable<(ConvolutionLayer Convolution, nn.Module<Tensor, Tensor>? Normalization)> layers
    )
    {
        var number = 0;
        foreach (var (convolution, normalization) in layers)
        {
            yield return (Name(number++), convolution);
            if (normalization is not null)
            {
                yield return (Name(number++), normalization);
            }

            number++;
        }
    }

    private static string Name(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
