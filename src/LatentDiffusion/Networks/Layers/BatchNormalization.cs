using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>
/// Batch normalisation of maps (Ioffe and Szegedy 2015): statistics of the batch while training, their running means
/// otherwise. State-dict names are PyTorch's; the count of batches, which nothing here reads, is kept where files must have it.
/// </summary>
public sealed class BatchNormalization : ExplicitModule<Tensor, Tensor>
{
    private const double Epsilon = 1e-5;
    private const double Momentum = 0.1;

    // The names let to() put the converted tensors into these fields.
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    [ComponentName(Name = "running_mean")]
    private readonly Tensor _mean;

    [ComponentName(Name = "running_var")]
    private readonly Tensor _variance;

    [ComponentName(Name = "num_batches_tracked")]
    private readonly Tensor? _batches;

    /// <summary>Creates the layer with scale 1, shift 0, running mean 0 and running variance 1.</summary>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="countsBatches">Whether the state dict holds the number of training batches.</param>
    public BatchNormalization(long channels, bool countsBatches = false)
        : base(nameof(BatchNormalization))
    {
        _weight = nn.Parameter(ones(channels, device: MetaDevice.Current));
        _bias = nn.Parameter(zeros(channels, device: MetaDevice.Current));
        _mean = zeros(channels, device: MetaDevice.Current);
        _variance = ones(channels, device: MetaDevice.Current);
        register_parameter("weight", _weight);
        register_parameter("bias", _bias);
        register_buffer("running_mean", _mean);
        register_buffer("running_var", _variance);
        if (countsBatches)
        {
            _batches = zeros([], int64, MetaDevice.Current);
            register_buffer("num_batches_tracked", _batches);
        }

        this.OwnWeights();
    }

    /// <inheritdoc/>
    /// <param name="input">[B, channels, H, W]; while training more than one value per channel.</param>
    public override Tensor forward(Tensor input)
    {
        if (training)
        {
            _batches?.add_(Scalars.Of(1));
        }

        return nn.functional.batch_norm(input, _mean, _variance, _weight, _bias, training, Momentum, Epsilon);
    }

    /// <summary>The scale, [channels].</summary>
    internal Parameter Weight => _weight;

    /// <summary>What the layer does outside of training, as x * scale + shift.</summary>
    /// <returns>Scale and shift, [channels] each.</returns>
    internal (Tensor Scale, Tensor Shift) Affine()
    {
        using var scope = NewDisposeScope();
        var scale = _weight.div(_variance.add(Scalars.Of(Epsilon)).sqrt());
        var shift = _bias.sub(_mean.mul(scale));
        return (scale.MoveToOuterDisposeScope(), shift.MoveToOuterDisposeScope());
    }
}
