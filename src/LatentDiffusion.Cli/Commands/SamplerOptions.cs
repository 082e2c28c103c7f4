using System.CommandLine;
using System.Globalization;
using LatentDiffusion.Diffusion.Guidance;
using LatentDiffusion.Errors;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Samplers;

namespace LatentDiffusion.Cli.Commands;

/// <summary>The options that choose sampler and guidance, the same for every verb that samples.</summary>
internal sealed class SamplerOptions
{
    private readonly Option<string?> _sampler = new("--sampler")
    {
        Description =
            $"The sampler: {string.Join(", ", NamedSampler.All.Select(s => s.Name))} (default: {NamedSampler.Default.Name})",
        HelpName = "NAME",
    };

    private readonly Option<int?> _steps = new("--steps")
    {
        Description =
            $"Sampler steps (default: the sampler's own number, {NamedSampler.Default.DefaultSteps} for "
            + $"{NamedSampler.Default.Name})",
        HelpName = "N",
    };

    private readonly Option<string?> _spacing = new("--spacing")
    {
        Description = $"How the steps are spread: {SpacingNames} (default: the sampler's own)",
        HelpName = "NAME",
    };

    private readonly Option<double?> _eta = new("--eta")
    {
        Description = "Noise of the sampler, 0 to 1 (default: the sampler's own)",
        HelpName = "E",
    };

    private readonly Option<double?> _guidance = new("--guidance")
    {
        Description = FormattableString.Invariant(
            $"Guidance scale; 1 is none (default: {UsualGuidance.Text} with text, {UsualGuidance.Class} with classes)"
        ),
        HelpName = "S",
    };

    private readonly Option<double?> _rescale = new("--guidance-rescale")
    {
        Description = "Share, 0 to 1, of the guided prediction that is brought back to its usual spread (default: 0)",
        HelpName = "PHI",
    };

    private readonly Option<string?> _interval = new("--guidance-interval")
    {
        Description = "Timesteps in which guidance acts, such as 200:800 (default: all)",
        HelpName = "FROM:TO",
    };

    private readonly Option<int?> _patch = new("--patch")
    {
        Description = "Denoise large images in overlapping patches of so many pixels (default: as a whole)",
        HelpName = "N",
    };

    public SamplerOptions()
    {
        Positive.Require(_steps);
        Positive.Require(_patch);
        Positive.OrZero(_guidance);
        Positive.OrZero(_rescale);
        Positive.OrZero(_eta);
    }

    public IEnumerable<Option> All => [_sampler, _steps, _spacing, _eta, _guidance, _rescale, _interval, _patch];

    /// <summary>All spacings, for messages.</summary>
    public static string SpacingNames => string.Join(", ", Spacings);

    private static IEnumerable<string> Spacings => Enum.GetNames<Spacing>().Select(name => name.ToLowerInvariant());

    /// <summary>A request with the chosen settings in place of its own.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="basis">Holds where nothing was chosen.</param>
    /// <exception cref="UserInputException">A name does not exist, or a value is out of range.</exception>
    public SamplingRequest Read(ParseResult arguments, SamplingRequest basis)
    {
        var name = arguments.GetValue(_sampler) ?? basis.Sampler;
        // Steps, spacing and noise that suit one sampler do not suit another.
        var usual = name == basis.Sampler ? basis : basis with { Steps = null, Spacing = null, Eta = null };
        var request = usual with
        {
            Sampler = name,
            Steps = arguments.GetValue(_steps) ?? usual.Steps,
            Spacing = arguments.GetValue(_spacing) is { } spacing ? ParseSpacing(spacing) : usual.Spacing,
            Eta = arguments.GetValue(_eta) ?? usual.Eta,
            Guidance = arguments.GetValue(_guidance) ?? usual.Guidance,
            GuidanceRescale = arguments.GetValue(_rescale) ?? usual.GuidanceRescale,
            GuidanceInterval = arguments.GetValue(_interval) is { } interval
                ? ParseInterval(interval)
                : usual.GuidanceInterval,
            PatchSize = arguments.GetValue(_patch) ?? usual.PatchSize,
        };
        NamedSampler.Find(name).Create(request.Eta);
        return request;
    }

    /// <exception cref="UserInputException">There is no such spacing.</exception>
    public static Spacing ParseSpacing(string text) =>
        Spacings.Contains(text, StringComparer.Ordinal)
            ? Enum.Parse<Spacing>(text, ignoreCase: true)
            : throw new UserInputException(
                $"There is no spacing '{text}'. "
                    + (
                        NearestName.Of(text, Spacings) is { } near
                            ? $"Did you mean '{near}'?"
                            : $"The spacings are {SpacingNames}."
                    )
            );

    private static GuidanceInterval ParseInterval(string text) =>
        text.Split(':') is [var from, var to]
        && double.TryParse(from, CultureInfo.InvariantCulture, out var low)
        && double.TryParse(to, CultureInfo.InvariantCulture, out var high)
            ? new GuidanceInterval(low, high)
            : throw new UserInputException(
                $"--guidance-interval {text}: give the lowest and the highest timestep, such as 200:800."
            );
}
