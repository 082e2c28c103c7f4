using LatentDiffusion.Networks.Layers;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Autoencoders;

/// <summary>
/// The vector-quantised autoencoder. As in the reference's VQModelInterface, <see cref="Encode"/> stops before the
/// quantiser and <see cref="Decode"/> starts with it: diffusion works on continuous latents and the quantisation layer
/// is part of the decoder. State-dict names are those of the published checkpoints.
/// </summary>
public sealed class VqAutoencoder : FirstStage, IDecoderInTwoParts
{
    private readonly Encoder _encoder;
    private readonly Decoder _decoder;
    private readonly ConvolutionLayer _quantConvolution;
    private readonly ConvolutionLayer _postQuantConvolution;

    /// <summary>Builds the autoencoder with PyTorch's default initial weights.</summary>
    /// <param name="config">Encoder and decoder.</param>
    /// <param name="embedDim">Channels of the latents and of the codebook's entries.</param>
    /// <param name="codes">Number of codebook entries.</param>
    /// <param name="beta">Weight of the commitment loss.</param>
    /// <param name="legacyBeta">See <see cref="VectorQuantizer"/>.</param>
    /// <param name="remap">The codes in use, for models of indices; see <see cref="VectorQuantizer"/>.</param>
    public VqAutoencoder(
        AutoencoderConfig config,
        int embedDim,
        int codes,
        double beta = 0.25,
        bool legacyBeta = true,
        CodebookRemap? remap = null
    )
        : base(nameof(VqAutoencoder), embedDim, Checked(config).DownsamplingFactor)
    {
        using var scope = NewDisposeScope();
        _encoder = new Encoder(config, config.ZChannels);
        _decoder = new Decoder(config);
        Quantizer = new VectorQuantizer(codes, embedDim, beta, legacyBeta, remap);
        _quantConvolution = Layer.Convolution1x1(config.ZChannels, embedDim);
        _postQuantConvolution = Layer.Convolution1x1(embedDim, config.ZChannels);
        register_module("encoder", _encoder);
        register_module("decoder", _decoder);
        register_module("quantize", Quantizer);
        register_module("quant_conv", _quantConvolution);
        register_module("post_quant_conv", _postQuantConvolution);
        this.OwnWeights();
    }

    /// <summary>The codebook.</summary>
    public VectorQuantizer Quantizer { get; }

    /// <inheritdoc/>
    /// <returns>Latents before quantisation, [B, latent channels, H/f, W/f].</returns>
    public override Tensor Encode(Tensor images) => EncodeBy(images, (encoder, x) => encoder.forward(x));

    /// <inheritdoc/>
    public override Tensor SampleLatents(Tensor encoded, Generator? generator = null) => encoded.alias();

    /// <inheritdoc/>
    public override Tensor ModeOfLatents(Tensor encoded) => encoded.alias();

    /// <inheritdoc/>
    public override Tensor Decode(Tensor latents) => DecodeBy(latents, (decoder, x) => decoder.forward(x));

    /// <summary>Decodes latents without quantising them first (the reference's force_not_quantize).</summary>
    /// <param name="latents">[B, latent channels, h, w].</param>
    /// <returns>[B, C, h f, w f], about [-1,1], not clamped.</returns>
    public Tensor DecodeQuantized(Tensor latents) => DecodeQuantized(latents, (decoder, x) => decoder.forward(x));

    internal override Tensor EncodeBy(Tensor images, LayerChainEvaluation run)
    {
        CheckImages(images);
        using var features = run(_encoder, images);
        return _quantConvolution.forward(features);
    }

    internal override Tensor DecodeBy(Tensor latents, LayerChainEvaluation run)
    {
        using var scope = NewDisposeScope();
        return DecodeQuantized(Quantizer.Quantize(latents).Quantized, run).MoveToOuterDisposeScope();
    }

    private Tensor DecodeQuantized(Tensor latents, LayerChainEvaluation run)
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
