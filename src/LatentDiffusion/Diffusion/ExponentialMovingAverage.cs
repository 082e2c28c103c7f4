using LatentDiffusion.Kernels;
using LatentDiffusion.Kernels.Operators;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Diffusion;

/// <summary>
/// Slow copies of a network's parameters (the reference's LitEma), shadow += (1 - d)(parameter - shadow), with the reference's warm-up
/// d = min(decay, (1 + n) / (10 + n)) at update n. Samples and reconstructions are drawn with the averages.
/// </summary>
public sealed class ExponentialMovingAverage : IDisposable
{
    private readonly List<(string Name, Tensor Parameter, Tensor Shadow)> _entries = [];

    /// <summary>Starts the averages at the parameters' present values.</summary>
    /// <param name="parameters">Names and live parameters; they are borrowed, not owned.</param>
    /// <param name="decay">The largest decay, in [0, 1).</param>
    public ExponentialMovingAverage(IEnumerable<(string Name, Tensor Parameter)> parameters, double decay = 0.9999)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Decay = decay;
        foreach (var (name, parameter) in parameters)
        {
            _entries.Add((name, parameter, parameter.detach().clone().DetachFromDisposeScope()));
        }
    }

    /// <summary>The largest decay.</summary>
    public double Decay { get; }

    /// <summary>How often <see cref="Update"/> has run; restored when a run resumes.</summary>
    public int Updates { get; set; }

    /// <summary>The averages by parameter name.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Shadows =>
        _entries.Select(e => KeyValuePair.Create(e.Name, e.Shadow));

    /// <summary>Moves the averages towards the parameters; call after every optimiser step.</summary>
    public void Update()
    {
        Updates++;
        var decay = Math.Min(Decay, (1.0 + Updates) / (10.0 + Updates));
        using var noGradient = no_grad();
        if (KernelSet.Current is { } kernels && _entries.All(e => ParameterPasses.Fits(e.Parameter)))
        {
            ParameterPasses.Follow(kernels, [.. _entries.Select(e => (e.Shadow, e.Parameter))], 1 - decay);
            return;
        }

        foreach (var (_, parameter, shadow) in _entries)
        {
            using var difference = shadow.sub(parameter);
            shadow.sub_(difference.mul_(Scalars.Of(1 - decay)));
        }
    }

    /// <summary>Starts over at the parameters' present values, as after weights were loaded into the network.</summary>
    public void Restart()
    {
        Updates = 0;
        using var noGradient = no_grad();
        foreach (var (_, parameter, shadow) in _entries)
        {
            shadow.copy_(parameter);
        }
    }

    /// <summary>Puts the averages into the network until the result is disposed; then the live values return, bit for bit.</summary>
    public IDisposable Use()
    {
        Exchange();
        return new Exchanged(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, _, shadow) in _entries)
        {
            shadow.Dispose();
        }
    }

    private void Exchange()
    {
        using var noGradient = no_grad();
        foreach (var (_, parameter, shadow) in _entries)
        {
            using var live = parameter.detach().clone();
            parameter.copy_(shadow);
            shadow.copy_(live);
        }
    }

    private sealed class Exchanged(ExponentialMovingAverage owner) : IDisposable
    {
        private bool _done;

        public void Dispose()
        {
            if (!_done)
            {
                _done = true;
                owner.Exchange();
            }
        }
    }
}
