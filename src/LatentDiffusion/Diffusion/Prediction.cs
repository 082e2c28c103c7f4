using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>
/// What a model says x_t consists of. Noise, x_0 and velocity say the same in three ways (x_t is known), so a prediction
/// is made from whichever the network was trained for, and samplers take what they need.
/// </summary>
/// <remarks>
/// A prediction owns nothing: it refers to x_t and to the tensors of the dispose scope it was made in. What it derives
/// belongs to the scope of the one who asks first.
/// </remarks>
public sealed class Prediction
{
    private readonly Tensor _noisy;
    private readonly NoiseLevel _level;
    private readonly Func<Tensor, Tensor>? _constraint;
    private Tensor? _noise;
    private Tensor? _clean;

    /// <summary>Reads a network's output.</summary>
    /// <param name="parameterization">What the output is.</param>
    /// <param name="noisy">x_t, [B, C, H, W].</param>
    /// <param name="level">Where x_t lies.</param>
    /// <param name="output">The network's output, [B, C, H, W].</param>
    /// <exception cref="ArgumentException">Noise was predicted where there is nothing but noise.</exception>
    public Prediction(Parameterization parameterization, Tensor noisy, NoiseLevel level, Tensor output)
        : this(parameterization, noisy, level, output, constraint: null) { }

    private Prediction(
        Parameterization parameterization,
        Tensor noisy,
        NoiseLevel level,
        Tensor output,
        Func<Tensor, Tensor>? constraint
    )
    {
        ArgumentNullException.ThrowIfNull(noisy);
        ArgumentNullException.ThrowIfNull(output);
        if (parameterization == Parameterization.Eps && level.Signal == 0)
        {
            throw new ArgumentException(
                "A model that predicts noise (eps) says nothing about x_0 where there is no signal (zero terminal SNR): "
                    + "use one that predicts x0 or v."
            );
        }

        (Parameterization, _noisy, _level, Output, _constraint) = (parameterization, noisy, level, output, constraint);
    }

    /// <summary>What <see cref="Output"/> is.</summary>
    public Parameterization Parameterization { get; }

    /// <summary>The network's own output, [B, C, H, W].</summary>
    public Tensor Output { get; }

    /// <summary>The predicted noise, [B, C, H, W]. Constraints on x_0 do not change it, as in the reference.</summary>
    public Tensor Noise =>
        _noise ??= Parameterization switch
        {
            Parameterization.Eps => Output,
            Parameterization.X0 => NoiseBeside(Output),
            _ => Mix(_noisy, _level.Noise, Output, _level.Signal),
        };

    /// <summary>The predicted x_0, [B, C, H, W], with all constraints.</summary>
    public Tensor Clean =>
        _clean ??= Constrain(
            Parameterization switch
            {
                Parameterization.Eps => CleanBeside(Output),
                Parameterization.X0 => Output,
                _ => Mix(_noisy, _level.Signal, Output, -_level.Noise),
            }
        );

    /// <summary>The noise that explains x_t together with <see cref="Clean"/>, [B, C, H, W].</summary>
    public Tensor ImpliedNoise => _constraint is null ? Noise : NoiseBeside(Clean);

    /// <summary>The x_0 that goes with another opinion on the noise in the same x_t, with all constraints.</summary>
    /// <param name="noise">[B, C, H, W].</param>
    /// <returns>[B, C, H, W].</returns>
    public Tensor CleanFor(Tensor noise) => Constrain(CleanBeside(noise));

    /// <summary>The same for another output of the same parametrisation, without constraints.</summary>
    /// <param name="output">[B, C, H, W].</param>
    public Prediction WithOutput(Tensor output) => new(Parameterization, _noisy, _level, output);

    /// <summary>
    /// The same with other noise, with the same constraints. Where there is no signal noise says nothing about x_0, and the
    /// prediction stays as it is.
    /// </summary>
    /// <param name="noise">[B, C, H, W].</param>
    public Prediction WithNoise(Tensor noise) =>
        _level.Signal == 0 ? this : new(Parameterization.Eps, _noisy, _level, noise, _constraint);

    /// <summary>The same with a constraint on x_0, such as clipping, behind those it has already.</summary>
    /// <param name="constraint">Takes and returns [B, C, H, W]; what it returns belongs to the caller's scope.</param>
    public Prediction WithConstraint(Func<Tensor, Tensor> constraint)
    {
        ArgumentNullException.ThrowIfNull(constraint);
        var inner = _constraint;
        return new Prediction(
            Parameterization,
            _noisy,
            _level,
            Output,
            inner is null ? constraint : clean => constraint(inner(clean))
        );
    }

    private Tensor Constrain(Tensor clean) => _constraint is null ? clean : _constraint(clean);

    private Tensor CleanBeside(Tensor noise)
    {
        using var scope = NewDisposeScope();
        return _noisy.sub(noise.mul(Scalars.Of(_level.Noise))).div(Scalars.Of(_level.Signal)).MoveToOuterDisposeScope();
    }

    private Tensor NoiseBeside(Tensor clean)
    {
        using var scope = NewDisposeScope();
        return _noisy.sub(clean.mul(Scalars.Of(_level.Signal))).div(Scalars.Of(_level.Noise)).MoveToOuterDisposeScope();
    }

    private static Tensor Mix(Tensor first, double a, Tensor second, double b)
    {
        using var scope = NewDisposeScope();
        return first.mul(Scalars.Of(a)).Plus(second.mul(Scalars.Of(b))).MoveToOuterDisposeScope();
    }
}
