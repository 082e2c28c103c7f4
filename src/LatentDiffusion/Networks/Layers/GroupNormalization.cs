using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>Group normalisation with a learned scale (starting at 1) and shift (starting at 0) per channel.</summary>
/// <remarks>TorchSharp 0.107's own GroupNorm leaves both uninitialised, so it is not used.</remarks>
public sealed class GroupNormalization : ExplicitModule<Tensor, Tensor>
{
    /// <summary>The number of groups in every network of the reference.</summary>
    public const int ReferenceGroups = 32;

    /// <summary>The epsilon of the autoencoder and of the spatial transformer's input.</summary>
    public const double AutoencoderEpsilon = 1e-6;

    /// <summary>The epsilon of the UNet's blocks.</summary>
    public const double UnetEpsilon = 1e-5;

    // The names let to() put the converted parameters into these fields.
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;
    private readonly double _epsilon;
    private GroupStatistics? _statistics;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">Channels of the input; a multiple of <paramref name="groups"/>.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="groups">Groups of channels; what they have in common is lost.</param>
    /// <exception cref="ArgumentException"><paramref name="channels"/> is not a multiple of <paramref name="groups"/>.</exception>
    public GroupNormalization(long channels, double epsilon, int groups = ReferenceGroups)
        : base(nameof(GroupNormalization))
    {
        if (channels % groups != 0)
        {
            throw new ArgumentException(
                $"Group normalisation works on multiples of {groups} channels, not {channels}.",
                nameof(channels)
            );
        }

        _weight = nn.Parameter(ones(channels, device: MetaDevice.Current));
        _bias = nn.Parameter(zeros(channels, device: MetaDevice.Current));
        _epsilon = epsilon;
        Groups = groups;
        register_parameter("weight", _weight);
        register_parameter("bias", _bias);
        this.OwnWeights();
    }

    /// <summary>Groups of channels.</summary>
    public int Groups { get; }

    /// <inheritdoc/>
    /// <param name="input">[B, channels, ...].</param>
    public override Tensor forward(Tensor input) => Normalize(input, silu: false);

    /// <summary>The normalisation with SiLU, x / (1 + e^-x), behind it.</summary>
    /// <param name="input">[B, channels, ...].</param>
    public Tensor ForwardSilu(Tensor input) => Normalize(input, silu: true);

    /// <summary><see cref="ForwardSilu"/> that may write its result over <paramref name="input"/>, where gradients allow it.</summary>
    /// <param name="input">[B, channels, ...]; not to be read afterwards.</param>
    internal Tensor ForwardSiluOver(Tensor input) => Normalize(input, silu: true, overwrite: true);

    /// <summary>
    /// Normalises with these statistics instead of the input's own until the result is disposed of: the input is then a
    /// part of the map that they were measured on. For inference only.
    /// </summary>
    internal IDisposable UseStatistics(GroupStatistics statistics)
    {
        var previous = _statistics;
        _statistics = statistics;
        return new Restore(this, previous);
    }

    private Tensor Normalize(Tensor input, bool silu, bool overwrite = false)
    {
        if (_statistics is { } known)
        {
            return known.Normalize(input, _weight, _bias, _epsilon, silu, overwrite);
        }

        if (KernelSet.Current is { } kernels && GroupNormOperator.Fits(kernels, input))
        {
            return GroupNormOperator.Apply(kernels, input, _weight, _bias, Groups, _epsilon, silu, overwrite);
        }

        var normalized = nn.functional.group_norm(input, Groups, _weight, _bias, _epsilon);
        if (!silu)
        {
            return normalized;
        }

        using (normalized)
        {
            return nn.functional.silu(normalized);
        }
    }

    private sealed class Restore(GroupNormalization layer, GroupStatistics? previous) : IDisposable
    {
        public void Dispose() => layer._statistics = previous;
    }
}
