using LatentDiffusion.Cli.Experiments.Plans;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm experiment NAME --scale SCALE</c>: an experiment of the paper from its plan, with a report.</summary>
internal sealed class ExperimentVerb : Verb
{
    private readonly PlanOptions _options = new();

    private ExperimentVerb(string name, string description)
        : base(name, description, $"ldm experiment {name} --scale smoke") => _options.AddTo(this);

    /// <summary>All experiments.</summary>
    public static IReadOnlyList<ExperimentVerb> All { get; } =
    [
        new("compression-tradeoff", "LDM-1 to LDM-16: quality and speed by the first stage's factor (section 4.1)"),
        new("autoencoders", "First stages by factor, regularisation and loss (table 8)"),
        new("unconditional", "Unconditional samples: FID, precision, recall (table 1)"),
        new("class-conditional", "Classes and the scale of guidance (table 3)"),
        new("text-to-image", "Text and the scale of guidance (table 2)"),
        new("layout", "Objects in boxes (table 9)"),
        new("semantic", "Images from label maps (section 4.3.2)"),
        new("super-resolution", "Regression, diffusion of pixels and of latents; blind degradation; guiding (table 5)"),
        new("inpainting", "Speed and quality of filling holes by first stage (tables 6 and 7)"),
        new("convolutional-sampling", "Images larger than in training, and the scale of latents (section 4.3.2)"),
        new("samplers", "Every sampler by number of steps (figure 7)"),
    ];

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation) =>
        _options.RunAsync(Name, context, cancellation);
}
