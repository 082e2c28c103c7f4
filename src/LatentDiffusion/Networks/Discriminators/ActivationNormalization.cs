using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Discriminators;

/// <summary>
/// ActNorm (Kingma and Dhariwal 2018): scale (x + shift) per channel. The first training batch sets both so that its maps
/// come out with mean 0 and standard deviation 1; from then on they are learned.
/// </summary>
internal sealed class ActivationNormalization : ExplicitModule<Tensor, Tensor>
{
    private const double Epsilon = 1e-6;

    [ComponentName(Name = "loc")]
    private readonly Parameter _shift;

    [ComponentName(Name = "scale")]
    private readonly Parameter _scale;

    [ComponentName(Name = "initialized")]
    private readonly Tensor _initialized;

    public ActivationNormalization(long channels)
        : base(nameof(ActivationNormalization))
    {
        _shift = nn.Parameter(zeros([1, channels, 1, 1], device: MetaDevice.Current));
        _scale = nn.Parameter(ones([1, channels, 1, 1], device: MetaDevice.Current));
        _initialized = tensor((byte)0);
        register_parameter("loc", _shift);
        register_parameter("scale", _scale);
        register_buffer("initialized", _initialized);
        this.OwnWeights();
    }

    /// <param name="input">[B, channels, H, W].</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        if (training && _initialized.item<byte>() == 0)
        {
            Initialise(input);
        }

        return input.Plus(_shift).mul(_scale).MoveToOuterDisposeScope();
    }

    private void Initialise(Tensor input)
    {
        using var noGradient = no_grad();
        var mean = input.mean([0, 2, 3], keepdim: true);
        var deviation = input.std([0, 2, 3], unbiased: true, keepdim: true);
        _shift.copy_(mean.neg());
        _scale.copy_(deviation.add(Scalars.Of(Epsilon)).reciprocal());
        _initialized.fill_(Scalars.Of(1));
    }
}
