using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// Learned perceptual image patch similarity (Zhang et al. 2018): the distance of two images in the maps of a trained
/// network. Part of the first stage's loss (LDM section 3.1) and a measure of reconstructions.
/// </summary>
/// <remarks>
/// <para>
/// Every pixel of a map becomes a unit vector over the channels. Squared differences are weighed per channel, by learned
/// <see cref="PerceptualHeads"/> or, without any, all by 1 (the "baseline" of the LPIPS authors, a sum over channels);
/// then averaged over pixels and summed over stages.
/// </para>
/// <para>
/// Weights are frozen: they require no gradient, and network and heads stay in evaluation mode. Do not hand them to an
/// optimiser. Both images may require gradients; the maps of one that does not are computed without a graph.
/// </para>
/// <para>
/// With a <see cref="LpipsNetwork"/> the state dict has the names of the published checkpoints, for which the reference
/// puts "loss.perceptual_loss." in front.
/// </para>
/// </remarks>
public sealed class PerceptualDistance : ExplicitModule<Tensor, Tensor, Tensor>
{
    private const double Epsilon = 1e-10;
    private const double DropoutRate = 0.5;

    private readonly IFeatureNetwork _network;
    private readonly PerceptualHeads? _heads;
    private readonly bool _headDropout;

    /// <summary>Creates the distance, which owns its network and heads from now on.</summary>
    /// <param name="network">The trained network.</param>
    /// <param name="heads">A learned weight per channel; null: every channel counts 1.</param>
    /// <param name="headDropout">
    /// Whether to drop half of all squared differences while this module is in training mode. The reference does so by
    /// accident, which makes its perceptual loss noisy; only for repeating its trainings.
    /// </param>
    /// <exception cref="ArgumentException">The heads are those of another network.</exception>
    public PerceptualDistance(IFeatureNetwork network, PerceptualHeads? heads = null, bool headDropout = false)
        : base(nameof(PerceptualDistance))
    {
        ArgumentNullException.ThrowIfNull(network);
        if (heads is not null && !heads.Channels.SequenceEqual(network.StageChannels))
        {
            throw new ArgumentException(
                $"The heads weigh maps of {string.Join(", ", heads.Channels)} channels, but those of {network.Name} have "
                    + $"{string.Join(", ", network.StageChannels)}.",
                nameof(heads)
            );
        }

        (_network, _heads, _headDropout) = (network, heads, headDropout);
        RegisterParts();
        foreach (var parameter in parameters())
        {
            parameter.requires_grad_(false);
        }

        eval();
    }

    /// <summary>The network whose maps are compared.</summary>
    public IFeatureNetwork Network => _network;

    /// <summary>Whether channels have learned weights.</summary>
    public bool HasHeads => _heads is not null;

    /// <inheritdoc cref="Between(Tensor, Tensor)"/>
    public override Tensor forward(Tensor first, Tensor second) => Between(first, second);

    /// <summary>How different two images look; 0 for equal ones, symmetric.</summary>
    /// <param name="first">[B, 3, H, W] in [-1, 1]; or one channel, which is repeated.</param>
    /// <param name="second">Of the same shape.</param>
    /// <returns>[B, 1, 1, 1], at least 0.</returns>
    /// <exception cref="ArgumentException">The shapes differ or are none of images.</exception>
    public Tensor Between(Tensor first, Tensor second) => Between(first, second, _heads);

    /// <summary><see cref="Between(Tensor, Tensor)"/> with every channel counting 1, whatever the heads have learned.</summary>
    public Tensor BetweenUnweighted(Tensor first, Tensor second) => Between(first, second, heads: null);

    private Tensor Between(Tensor first, Tensor second, PerceptualHeads? heads)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.dim() != 4 || !first.shape.SequenceEqual(second.shape))
        {
            throw new ArgumentException(
                $"Two batches of images [B, 3, H, W] are compared, not [{string.Join(", ", first.shape)}] and "
                    + $"[{string.Join(", ", second.shape)}]."
            );
        }

        using var scope = NewDisposeScope();
        var ours = _network.Stages(InColour(first));
        var theirs = _network.Stages(InColour(second));
        var distances = ours.Select((map, stage) => StageDistance(heads, stage, map, theirs[stage])).ToList();
        return distances.Aggregate((sum, d) => sum.Plus(d)).reshape(-1, 1, 1, 1).MoveToOuterDisposeScope();
    }

    /// <summary>Changes the mode of the distance alone: its network and heads stay in evaluation mode.</summary>
    public override void train(bool train = true)
    {
        base.train(train);
        if (train && _network is nn.Module module)
        {
            module.eval();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _network.Dispose();
            _heads?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void RegisterParts()
    {
        if (_network is LpipsNetwork published)
        {
            RegisterChildren(published);
        }
        else if (_network is nn.Module module)
        {
            register_module("net", module);
        }

        if (_heads is not null)
        {
            RegisterChildren(_heads);
        }
    }

    private void RegisterChildren(nn.Module part)
    {
        foreach (var (name, child) in part.named_children())
        {
            register_module(name, child);
        }
    }

    // [B, 1]. Averaging over pixels and weighing channels may change places, and few numbers are left to weigh that way.
    private Tensor StageDistance(PerceptualHeads? heads, int stage, Tensor ours, Tensor theirs)
    {
        using var scope = NewDisposeScope();
        var squares = Normalize(ours).sub(Normalize(theirs)).pow(Scalars.Of(2));
        if (_headDropout && training)
        {
            squares = nn.functional.dropout(squares, DropoutRate, training: true);
        }

        var perChannel = squares.mean([2L, 3L]);
        var distance = heads?.Weigh(stage, perChannel) ?? perChannel.sum(1, keepdim: true);
        return distance.MoveToOuterDisposeScope();
    }

    // norm(), unlike the root of a sum, has a gradient where all channels are 0.
    private static Tensor Normalize(Tensor map)
    {
        using var length = map.norm(1, keepdim: true);
        using var divisor = length.add(Scalars.Of(Epsilon));
        return map.div(divisor);
    }

    private static Tensor InColour(Tensor images) =>
        images.shape[1] == 1 ? images.expand(-1, 3, -1, -1) : images.alias();
}
