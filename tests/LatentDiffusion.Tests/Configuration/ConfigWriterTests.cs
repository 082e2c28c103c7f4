using System.Globalization;
using CsCheck;
using LatentDiffusion.Configuration;
using Xunit;

namespace LatentDiffusion.Tests.Configuration;

public sealed class ConfigWriterTests
{
    private static readonly Gen<double> Finite = Gen.Double.Where(double.IsFinite);

    // A lone surrogate is no character, so no UTF-8 file can hold it.
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String.Where(text => text.All(c => !char.IsSurrogate(c))),
        Gen.String[Gen.Char[" \t\n\r\\\"'#:-?&*!|>%@`[]{},~=\u0000\u0007\u0085\u2028\ufeff\ufffe"], 0, 8],
        Gen.OneOf("", "null", "~", "true", "1e-4", "0x1f", ".nan", "---", "...", "<<", "a: b", "a #b", "🙂", "-")
    );

    private static readonly Gen<OptimizerConfig> Optimizer = Gen.OneOf(
        Gen.Select(
            Gen.Double[1e-300, 1e300],
            Finite,
            OptimizerConfig (rate, beta) => new AdamConfig { Rate = rate, Beta = beta }
        ),
        Gen.Select(
            Gen.Double[1e-9, 1],
            Finite,
            OptimizerConfig (rate, inertia) => new SgdConfig(inertia) { Rate = rate }
        )
    );

    private static readonly Gen<NetConfig> Net = Gen.Select(
        Gen.Int[1, 1000].Select(half => 2 * half),
        Gen.Int[1, 9].Array[0, 4],
        Gen.Double[0, 0.99],
        Gen.Enum<Activation>(),
        Gen.Int.Nullable(),
        Gen.Bool,
        Gen.Select(Gen.Int, Text, (depth, label) => new BlockConfig(depth, label)).Array[1, 3],
        (channels, mult, dropout, activation, heads, checkpoint, blocks) =>
            new NetConfig
            {
                Channels = channels,
                Mult = mult,
                Dropout = dropout,
                Activation = activation,
                NumHeads = heads,
                Checkpoint = checkpoint,
                Blocks = blocks,
            }
    );

    private static readonly Gen<StageConfig?> Stage = Gen.OneOf(
        Gen.Const((StageConfig?)null),
        Finite.Select(StageConfig? (weight) => new KlConfig(weight)),
        Gen.Int.Select(StageConfig? (codes) => new VqConfig(codes))
    );

    private static readonly Gen<RunConfig> Run = Gen.Select(
        Net,
        Gen.OneOf(null, Path.GetFullPath("/data/my images"), Path.GetFullPath("/data/#1: x")),
        Optimizer,
        Stage,
        Gen.Long,
        Text,
        (net, data, optimizer, stage, seed, name) =>
            new RunConfig(net, data)
            {
                Optimizer = optimizer,
                FirstStage = stage,
                Seed = seed,
                Name = name,
            }
    );

    [Fact]
    public void What_is_written_binds_to_an_equal_record() =>
        Run.Sample(run =>
        {
            var back = ConfigDocument.Parse(ConfigWriter.ToYaml(run), "written").Bind<RunConfig>();

            // Lists compare by identity, so they are compared apart from the records that hold them.
            Assert.Equal(run.Net.Mult, back.Net.Mult);
            Assert.Equal(run.Net.Blocks, back.Net.Blocks);
            Assert.Equal(run.Extra, back.Extra);
            Assert.Equal(
                run,
                back with
                {
                    Extra = run.Extra,
                    Net = back.Net with { Mult = run.Net.Mult, Blocks = run.Net.Blocks },
                }
            );
        });

    [Fact]
    public void Any_text_survives_as_an_override() =>
        Text.Sample(text =>
        {
            var value = ConfigWriter.ToInlineYaml(text);
            var document = ConfigDocument.Parse("depth: 1", "a").WithOverrides([$"label={value}"]);

            Assert.Equal(text, document.Bind<BlockConfig>().Label);
        });

    [Fact]
    public void Everything_is_written_defaults_included_kind_first()
    {
        var run = new RunConfig(new NetConfig { Channels = 8 }, "/data")
        {
            FirstStage = new KlConfig(1e-6),
            Name = "1",
        };

        Assert.Equal(
            """
            net:
              channels: 8
              mult: [1, 2, 4]
              dropout: 0
              activation: swish
              num_heads: null
              checkpoint: false
              blocks:
              - depth: 1
                label: a
              - depth: 2
                label: b
            data: /data
            optimizer:
              kind: adam
              rate: 0.5
              beta: 0.9
            first_stage:
              kind: kl
              weight: 1.0e-06
            extra: []
            seed: 23
            name: "1"

            """,
            ConfigWriter.ToYaml(run)
        );
    }

    [Fact]
    public void The_culture_of_the_machine_changes_nothing()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("")
            {
                NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" },
            };

            var yaml = ConfigWriter.ToYaml(new BlockConfig(-3)) + ConfigWriter.ToYaml(new KlConfig(-1.5));

            Assert.Equal("depth: -3\nlabel: a\nkind: kl\nweight: -1.5\n", yaml);
            Assert.Equal(-1.5, ConfigDocument.Parse("weight: -1.5", "a").Bind<KlConfig>().Weight);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
