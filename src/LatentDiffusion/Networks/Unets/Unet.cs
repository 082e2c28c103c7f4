using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>
/// The denoising network of latent diffusion (LDM section 3.2), ADM's UNet with optional cross-attention. Its
/// state-dict names are those of the published checkpoints below <c>model.diffusion_model.</c>.
/// </summary>
public sealed class Unet : ExplicitModule
{
    private readonly LinearLayer _timeIn;
    private readonly LinearLayer _timeOut;
    private readonly Embedding? _labelEmbedding;
    private readonly UnetStage[] _inputBlocks;
    private readonly UnetStage _middleBlock;
    private readonly UnetStage[] _outputBlocks;
    private readonly GroupNormalization _outNorm;
    private readonly ConvolutionLayer _outConv;

    /// <summary>Builds the network with PyTorch's default initial weights; an untrained UNet outputs exactly zero.</summary>
    /// <exception cref="ArgumentException">The configuration contradicts itself.</exception>
    public Unet(UnetConfig config)
        : base(nameof(Unet))
    {
        ArgumentNullException.ThrowIfNull(config);
        using var scope = NewDisposeScope();
        Config = config;
        var embedding = 4 * config.ModelChannels;
        _timeIn = new LinearLayer(config.ModelChannels, embedding);
        _timeOut = new LinearLayer(embedding, embedding);
        register_module("time_embed", new KeyGroup(("0", _timeIn), ("2", _timeOut)));
        if (config.NumClasses is { } classes)
        {
            _labelEmbedding = nn.Embedding(classes, embedding, device: MetaDevice.Current);
            register_module("label_emb", _labelEmbedding);
        }

        var topology = new UnetTopology(config);
        _inputBlocks = [.. topology.BuildInputBlocks()];
        _middleBlock = topology.BuildMiddleBlock();
        _outputBlocks = [.. topology.BuildOutputBlocks()];
        register_module("input_blocks", KeyGroup.List(_inputBlocks));
        register_module("middle_block", _middleBlock);
        register_module("output_blocks", KeyGroup.List(_outputBlocks));

        _outNorm = new GroupNormalization(config.ModelChannels, GroupNormalization.UnetEpsilon);
        if (config.NEmbed is { } codes)
        {
            // The reference keeps the unused "out" head beside the predictor; published names demand both.
            _outConv = Layer.Convolution1x1(config.ModelChannels, codes);
            var unused = Layer.ZeroInitialised(Layer.Convolution3x3(config.ModelChannels, config.OutChannels));
            var unusedNorm = new GroupNormalization(config.ModelChannels, GroupNormalization.UnetEpsilon);
            register_module("out", new KeyGroup(("0", unusedNorm), ("2", unused)));
            register_module("id_predictor", new KeyGroup(("0", _outNorm), ("1", _outConv)));
        }
        else
        {
            _outConv = Layer.ZeroInitialised(Layer.Convolution3x3(config.ModelChannels, config.OutChannels));
            register_module("out", new KeyGroup(("0", _outNorm), ("2", _outConv)));
        }

        this.OwnWeights();
    }

    /// <summary>The architecture.</summary>
    public UnetConfig Config { get; }

    /// <summary>Height and width of the input must be multiples of this.</summary>
    public int SizeMultiple => 1 << (Config.ChannelMult.Count - 1);

    /// <summary>Predicts noise (or x0, by training) for noisy latents.</summary>
    /// <param name="x">[B, in channels, H, W], H and W multiples of <see cref="SizeMultiple"/>.</param>
    /// <param name="timesteps">[B], 0 to 999.</param>
    /// <param name="context">[B, S, context_dim] for cross-attention, else null.</param>
    /// <param name="labels">[B] class ids (int64) when the network has classes, else null.</param>
    /// <returns>[B, out channels, H, W], or [B, n_embed, H, W] logits of a codebook predictor.</returns>
    /// <exception cref="ArgumentException">A shape or a missing condition does not fit the architecture.</exception>
    public Tensor Forward(Tensor x, Tensor timesteps, Tensor? context = null, Tensor? labels = null) =>
        Forward(x, timesteps, AttentionContext.Once(context), labels);

    /// <summary>The same with a context that stays the same over many steps.</summary>
    /// <param name="x">[B, in channels, H, W], H and W multiples of <see cref="SizeMultiple"/>.</param>
    /// <param name="timesteps">[B], 0 to 999.</param>
    /// <param name="context">[B, S, context_dim] for cross-attention, else null.</param>
    /// <param name="labels">[B] class ids (int64) when the network has classes, else null.</param>
    /// <returns>[B, out channels, H, W], or [B, n_embed, H, W] logits of a codebook predictor.</returns>
    /// <exception cref="ArgumentException">A shape or a missing condition does not fit the architecture.</exception>
    public Tensor Forward(Tensor x, Tensor timesteps, AttentionContext? context, Tensor? labels)
    {
        CheckInputs(x, context, labels);
        using var scope = NewDisposeScope();
        var sinusoids = TimestepEmbedding.Sinusoidal(timesteps, Config.ModelChannels).to(_timeIn.Weight.dtype);
        var embedding = _timeOut.forward(nn.functional.silu(_timeIn.forward(sinusoids)));
        if (_labelEmbedding is not null)
        {
            embedding = embedding.Plus(_labelEmbedding.forward(labels!));
        }

        // Every residual block starts its embedding branch with the same SiLU.
        embedding = nn.functional.silu(embedding);
        var skips = new Stack<Tensor>();
        var h = x;
        foreach (var stage in _inputBlocks)
        {
            h = stage.Forward(h, embedding, context);
            skips.Push(h);
        }

        // The last skip connection is still needed.
        h = _middleBlock.Forward(h, embedding, context);
        foreach (var stage in _outputBlocks)
        {
            using var previous = h;
            using var skip = skips.Pop();
            using var joined = cat([previous, skip], dim: 1);
            h = stage.Forward(joined, embedding, context);
        }

        return h.Then(_outNorm.ForwardSiluOver).Then(_outConv.forward).MoveToOuterDisposeScope();
    }

    private void CheckInputs(Tensor x, AttentionContext? context, Tensor? labels)
    {
        if (x.dim() != 4 || x.shape[1] != Config.InChannels)
        {
            throw new ArgumentException(
                $"The UNet takes [B, {Config.InChannels}, H, W], not [{string.Join(", ", x.shape)}]."
            );
        }

        if (x.shape[2] % SizeMultiple != 0 || x.shape[3] % SizeMultiple != 0)
        {
            throw new ArgumentException(
                $"Height and width must be multiples of {SizeMultiple}, not {x.shape[2]} and {x.shape[3]}."
            );
        }

        if (Config.UseSpatialTransformer && context is null)
        {
            throw new ArgumentException("A UNet with cross-attention needs a context.");
        }

        if (labels is null != _labelEmbedding is null)
        {
            throw new ArgumentException("Class labels go with a UNet that has num_classes, and only with one.");
        }
    }
}
