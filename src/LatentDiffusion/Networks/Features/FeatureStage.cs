using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>Convolution, batch normalisation and ReLU, once or several times, at one resolution.</summary>
internal sealed class FeatureStage : ExplicitModule<Tensor, Tensor>
{
    private readonly ConvolutionLayer[] _convolutions;

    // Empty when they are folded into the convolutions.
    private readonly BatchNormalization[] _norms;

    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="channels">Channels of the result.</param>
    /// <param name="convolutions">How many convolutions.</param>
    public FeatureStage(int inChannels, int channels, int convolutions)
        : this(
            // The normalisation's shift stands in for a bias.
            Enumerable
                .Range(0, convolutions)
                .Select(i => Convolution(i == 0 ? inChannels : channels, channels, false)),
            Enumerable.Range(0, convolutions).Select(_ => new BatchNormalization(channels))
        ) { }

    private FeatureStage(IEnumerable<ConvolutionLayer> convolutions, IEnumerable<BatchNormalization> norms)
        : base(nameof(FeatureStage))
    {
        _convolutions = [.. convolutions];
        _norms = [.. norms];
        register_module("convs", KeyGroup.List(_convolutions));
        register_module("norms", KeyGroup.List(_norms));
    }

    /// <summary>A new stage that computes what this one does outside of training, without normalisation.</summary>
    public FeatureStage Folded() => new(_convolutions.Zip(_norms, Fold), []);

    /// <param name="input">[B, in, H, W].</param>
    /// <returns>[B, channels, H, W], not negative.</returns>
    public override Tensor forward(Tensor input)
    {
        var h = input.alias();
        for (var i = 0; i < _convolutions.Length; i++)
        {
            h = h.Then(_convolutions[i].forward);
            h = i < _norms.Length ? h.Then(_norms[i].forward) : h;
            h = Rectify(h);
        }

        return h;
    }

    private static Tensor Rectify(Tensor map)
    {
        if (Gradients.Needed(map))
        {
            return map.Then(x => x.relu());
        }

        map.relu_();
        return map;
    }

    private static ConvolutionLayer Convolution(long input, long output, bool bias) =>
        new(input, output, kernel: 3, padding: 1, bias: bias);

    private static ConvolutionLayer Fold(ConvolutionLayer convolution, BatchNormalization norm)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var weight = convolution.Weight;
        var (scale, shift) = norm.Affine();
        var folded = Convolution(weight.shape[1], weight.shape[0], bias: true);
        folded.Weight.copy_(weight.mul(scale.view(-1, 1, 1, 1)));
        folded.Bias!.copy_(shift);
        return folded;
    }
}
