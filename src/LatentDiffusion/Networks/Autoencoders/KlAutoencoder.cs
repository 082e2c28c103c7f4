using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>
/// The KL-regularised autoencoder: latents are normal distributions pulled lightly towards the standard one.
/// State-dict names are those of the published checkpoints.
/// </summary>
public sealed class KlAutoencoder : FirstStage, IDecoderInTwoParts
{
    private readonly Encoder _encoder;
    private readonly Decoder _decoder;
    private readonly ConvolutionLayer _quantConvolution;
    private readonly ConvolutionLayer _postQuantConvolution;

    /// <summary>Builds the autoencoder with PyTorch's default initial weights.</summary>
    /// <param name="config">Encoder and decoder.</param>
    /// <param name="embedDim">Channels of the latents.</param>
    public KlAutoencoder(AutoencoderConfig config, int embedDim)
        : base(nameof(KlAutoencoder), embedDim, Checked(config).DownsamplingFactor)
    {
        using var scope = NewDisposeScope();
        _encoder = new Encoder(config, 2 * config.ZChannels);
        _decoder = new Decoder(config);
        _quantConvolution = Layer.Convolution1x1(2 * config.ZChannels, 2 * embedDim);
        _postQuantConvolution = Layer.Convolution1x1(embedDim, config.ZChannels);
        register_module("encoder", _encoder);
        register_module("decoder", _decoder);
        register_module("quant_conv", _quantConvolution);
        register_module("post_quant_conv", _postQuantConvolution);
        this.OwnWeights();
    }

    /// <inheritdoc/>
    /// <returns>Moments [B, 2 latent channels, H/f, W/f]: means, then log variances.</returns>
    public override Tensor Encode(Tensor images) => EncodeBy(images, (encoder, x) => encoder.forward(x));

    /// <inheritdoc/>
    public override Tensor SampleLatents(Tensor encoded, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        return new DiagonalGaussian(encoded).Sample(generator).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor ModeOfLatents(Tensor encoded)
    {
        using var scope = NewDisposeScope();
        return new DiagonalGaussian(encoded).Mean.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Decode(Tensor latents) => DecodeBy(latents, (decoder, x) => decoder.forward(x));

    internal override Tensor EncodeBy(Tensor images, LayerChainEvaluation run)
    {
        CheckImages(images);
        using var features = run(_encoder, images);
        return _quantConvolution.forward(features);
    }

    internal override Tensor DecodeBy(Tensor latents, LayerChainEvaluation run)
    {
        using var features = _postQuantConvolution.forward(latents);
        return run(_decoder, features);
    }

    ConvolutionLayer IDecoderInTwoParts.LastLayer => _decoder.Out;

    Tensor IDecoderInTwoParts.DecodeToFeatures(Tensor latents)
    {
        using var features = _postQuantConvolution.forward(latents);
        return _decoder.Features(features);
    }

    private static AutoencoderConfig Checked(AutoencoderConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config;
    }
}
