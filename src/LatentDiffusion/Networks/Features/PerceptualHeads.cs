using System.Globalization;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Features;

/// <summary>
/// How much every channel of a network's maps counts in the perceptual distance, learned from human judgements. Named as
/// in the published files: "lin0.model.1.weight" [1, C, 1, 1] and so on; 1 until a file is loaded.
/// </summary>
public sealed class PerceptualHeads : ExplicitModule
{
    private readonly Head[] _heads;

    /// <summary>Creates heads that count every channel once.</summary>
    /// <param name="channels">Channels of the maps, as in <see cref="IFeatureNetwork.StageChannels"/>.</param>
    public PerceptualHeads(IReadOnlyList<int> channels)
        : base(nameof(PerceptualHeads))
    {
        ArgumentNullException.ThrowIfNull(channels);
        Channels = channels;
        _heads = [.. channels.Select(c => new Head(c))];
        foreach (var (stage, head) in _heads.Index())
        {
            var model = new KeyGroup(("1", head));
            register_module(string.Create(CultureInfo.InvariantCulture, $"lin{stage}"), new KeyGroup(("model", model)));
        }
    }

    /// <summary>Channels of the maps, from fine to coarse.</summary>
    public IReadOnlyList<int> Channels { get; }

    /// <summary>Weighs and adds the channels of a stage.</summary>
    /// <param name="stage">From 0.</param>
    /// <param name="values">[B, C].</param>
    /// <returns>[B, 1].</returns>
    internal Tensor Weigh(int stage, Tensor values)
    {
        using var column = _heads[stage].Weight.reshape(-1, 1);
        return mm(values, column);
    }

    private sealed class Head : ExplicitModule
    {
        // The name lets to() put the converted parameter into this field.
        [ComponentName(Name = "weight")]
        private readonly Parameter _weight;

        public Head(int channels)
            : base(nameof(Head))
        {
            _weight = nn.Parameter(ones([1, channels, 1, 1], device: MetaDevice.Current), requires_grad: false);
            register_parameter("weight", _weight);
            this.OwnWeights();
        }

        public Tensor Weight => _weight;
    }
}
