using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Tests.Configuration;

internal enum Activation
{
    Relu,
    Swish,
    LeakyRelu,
}

[Description("A run.")]
internal sealed record RunConfig(
    [Description("The network.")] NetConfig Net,
    [Description("Where images lie.")] [ConfigPath] string? Data = null
)
{
    [Description("How weights move.")]
    public OptimizerConfig Optimizer { get; init; } = new AdamConfig { Rate = 0.5 };

    [Description("What comes first.")]
    public StageConfig? FirstStage { get; init; }

    [Description("More folders.")]
    [ConfigPath]
    public IReadOnlyList<string> Extra { get; init; } = [];

    [Description("Random numbers start here.")]
    public long Seed { get; init; } = 23;

    [Description("A name | a label.")]
    public string Name { get; init; } = "run";
}

internal sealed record NetConfig : IConfigCheck
{
    [Description("Width.")]
    [Minimum(1)]
    public required int Channels { get; init; }

    [Description("Width of each level over the first.")]
    [Minimum(1)]
    public IReadOnlyList<int> Mult { get; init; } = [1, 2, 4];

    [Description("Dropped share.")]
    [Minimum(0)]
    [Maximum(1, Exclusive = true)]
    public double Dropout { get; init; }

    [Description("Nonlinearity.")]
    public Activation Activation { get; init; } = Activation.Swish;

    [Description("Heads of attention.")]
    public int? NumHeads { get; init; }

    [Description("Whether to recompute.")]
    public bool Checkpoint { get; init; }

    [Description("Blocks.")]
    public BlockConfig[] Blocks { get; init; } = [new(1), new(2, "b")];

    public int Widest => Channels * Mult.Max();

    public IEnumerable<ConfigProblem> Check()
    {
        if (Channels % 2 != 0)
        {
            yield return new ConfigProblem(nameof(Channels), "must be even");
        }

        if (Blocks.Length == 0)
        {
            yield return new ConfigProblem(nameof(Blocks), "must not be empty");
        }
    }
}

internal sealed record BlockConfig([Description("Layers.")] int Depth, [Description("Label.")] string Label = "a");

[ConfigKinds(typeof(AdamConfig), typeof(SgdConfig))]
internal abstract record OptimizerConfig
{
    [Description("Step size.")]
    [Minimum(0, Exclusive = true)]
    public double Rate { get; init; } = 1e-4;
}

[ConfigKind("adam")]
internal sealed record AdamConfig : OptimizerConfig
{
    [Description("Memory.")]
    public double Beta { get; init; } = 0.9;
}

[ConfigKind("sgd")]
internal sealed record SgdConfig([Description("Inertia.")] double Momentum) : OptimizerConfig;

[ConfigKinds(typeof(KlConfig), typeof(VqConfig))]
internal abstract record StageConfig;

[ConfigKind("kl")]
internal sealed record KlConfig([Description("Weight of the divergence.")] double Weight) : StageConfig;

[ConfigKind("vq")]
internal sealed record VqConfig([Description("Codes.")] int Codes) : StageConfig;
