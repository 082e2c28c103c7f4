using LatentDiffusion.Errors;

namespace LatentDiffusion.Samplers;

/// <summary>A sampler by the name that users give, with the settings it is usually run with.</summary>
/// <param name="Name">For example "dpmpp-2m".</param>
/// <param name="Description">A short text.</param>
/// <param name="DefaultSteps">Steps unless others are asked for; null visits every timestep.</param>
/// <param name="DefaultSpacing">Spacing unless another is asked for.</param>
public sealed record NamedSampler(string Name, string Description, int? DefaultSteps, Spacing DefaultSpacing)
{
    private const string DefaultName = "dpmpp-2m";

    /// <summary>What the web interfaces of Stable Diffusion call it.</summary>
    public string CommonName { get; private init; } = Name;

    /// <summary>The eta unless another is asked for.</summary>
    public double DefaultEta { get; private init; }

    /// <summary>Whether eta can be chosen.</summary>
    public bool HasEta { get; private init; } = true;

    /// <summary>Evaluations of the network per step, but for the ends.</summary>
    public int EvaluationsPerStep { get; private init; } = 1;

    private Func<double, double, ISampler> Factory { get; init; } = (eta, _) => new DdimSampler(eta);

    /// <summary>All samplers.</summary>
    public static IReadOnlyList<NamedSampler> All { get; } =
    [
        new(DefaultName, "DPM-Solver++ 2M", 20, Spacing.Karras)
        {
            Factory = (eta, _) => new DpmSolverSampler(eta),
            CommonName = "DPM++ 2M",
        },
        new("dpmpp-2m-sde", "DPM-Solver++ 2M SDE", 25, Spacing.Karras)
        {
            Factory = (eta, _) => new DpmSolverSampler(eta),
            CommonName = "DPM++ 2M SDE",
            DefaultEta = 1,
        },
        new("unipc", "UniPC of order 3", 20, Spacing.Karras)
        {
            Factory = (_, _) => new UniPcSampler(order: 3),
            CommonName = "UniPC",
            HasEta = false,
        },
        new("heun", "Heun", 20, Spacing.Karras)
        {
            Factory = (_, _) => new HeunSampler(),
            CommonName = "Heun",
            HasEta = false,
            EvaluationsPerStep = 2,
        },
        new("euler", "Euler", 30, Spacing.Karras) { Factory = (eta, _) => new EulerSampler(eta), CommonName = "Euler" },
        new("euler-ancestral", "Euler ancestral", 30, Spacing.Karras)
        {
            Factory = (eta, _) => new EulerSampler(eta),
            CommonName = "Euler a",
            DefaultEta = 1,
        },
        new("ddim", "DDIM as in the reference", 50, Spacing.Uniform)
        {
            Factory = (eta, _) => new DdimSampler(eta),
            CommonName = "DDIM",
        },
        new("plms", "PLMS as in the reference", 50, Spacing.Uniform)
        {
            Factory = (_, _) => new PlmsSampler(),
            CommonName = "PLMS",
            HasEta = false,
        },
        new("ddpm", "ancestral over all timesteps", null, Spacing.Trailing)
        {
            Factory = (_, varianceMix) => new DdpmSampler(varianceMix),
            CommonName = "DDPM",
            HasEta = false,
            DefaultEta = 1,
        },
    ];

    /// <summary>The one to take when nobody asks for another.</summary>
    public static NamedSampler Default => All[0];

    /// <summary>Finds a sampler.</summary>
    /// <exception cref="UserInputException">There is none of that name.</exception>
    public static NamedSampler Find(string name) =>
        All.FirstOrDefault(sampler => sampler.Name == name)
        ?? throw new UserInputException(
            $"There is no sampler '{name}'. "
                + (
                    NearestName.Of(name, All.Select(s => s.Name)) is { } near
                        ? $"Did you mean '{near}'?"
                        : $"The samplers are {string.Join(", ", All.Select(s => s.Name))}."
                )
        );

    /// <summary>Makes the sampler.</summary>
    /// <param name="eta">Its noise, 0 to 1; null is <see cref="DefaultEta"/>.</param>
    /// <param name="varianceMix">The schedule's <see cref="Diffusion.NoiseScheduleConfig.VPosterior"/>, for ddpm.</param>
    /// <exception cref="UserInputException">The sampler has no eta, or it is out of range.</exception>
    public ISampler Create(double? eta = null, double varianceMix = 0)
    {
        if (eta is { } given)
        {
            if (given is not (>= 0 and <= 1))
            {
                throw new UserInputException(
                    FormattableString.Invariant($"The sampler's eta {given} must be from 0 to 1.")
                );
            }

            if (!HasEta && given != DefaultEta)
            {
                throw new UserInputException(
                    FormattableString.Invariant(
                        $"The sampler {Name} has a fixed eta of {DefaultEta}, but {given} was given: leave it out."
                    )
                );
            }
        }

        return Factory(eta ?? DefaultEta, varianceMix);
    }
}
