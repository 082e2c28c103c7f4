using System.ComponentModel;
using LatentDiffusion.Configuration;
using Xunit;

namespace LatentDiffusion.Tests.Configuration;

public sealed class ConfigReferenceTests
{
    [Fact]
    public void Each_record_is_a_section_with_a_row_for_each_key()
    {
        var lines = ConfigReference.ToMarkdown(typeof(RunConfig), "Configuration").Split('\n');

        Assert.Equal(
            [
                "# Configuration",
                "## RunConfig",
                "## NetConfig",
                "## OptimizerConfig",
                "## StageConfig",
                "## BlockConfig",
                "## AdamConfig",
                "## SgdConfig",
                "## KlConfig",
                "## VqConfig",
            ],
            lines.Where(line => line.StartsWith('#'))
        );
        Assert.Equal("A run.", lines[4]);
        string[] rows =
        [
            "| `net` | [NetConfig](#netconfig) | required |  | The network. |",
            "| `data` | path or null | `null` |  | Where images lie. |",
            "| `optimizer` | [OptimizerConfig](#optimizerconfig) | `{kind: adam, rate: 0.5}` |  | How weights move. |",
            "| `first_stage` | [StageConfig](#stageconfig) or null | `null` |  | What comes first. |",
            "| `extra` | list of path | `[]` |  | More folders. |",
            "| `name` | text | `run` |  | A name \\| a label. |",
            "| `channels` | integer | required | ≥ 1 | Width. |",
            "| `mult` | list of integer | `[1, 2, 4]` | ≥ 1 | Width of each level over the first. |",
            "| `dropout` | number | `0` | ≥ 0, < 1 | Dropped share. |",
            "| `activation` | `relu`, `swish`, `leaky_relu` | `swish` |  | Nonlinearity. |",
            "| `num_heads` | integer or null | `null` |  | Heads of attention. |",
            "| `rate` | number | `0.0001` | > 0 | Step size. |",
            "| `kl` | [KlConfig](#klconfig) |",
            "| `kind` | `kl` | required | | Chooses this record. |",
        ];
        Assert.All(rows, row => Assert.Contains(row, lines));
        Assert.DoesNotContain(lines, line => line.Contains("widest", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Undocumented_properties_are_found_in_nested_records_kinds_and_lists()
    {
        Assert.Empty(ConfigReference.Undocumented(typeof(RunConfig)));
        Assert.Equal(["BareConfig.Size", "BareKind.Weight"], ConfigReference.Undocumented(typeof(BareConfig)));
    }

    private sealed record BareConfig(int Size, [Description("Many.")] IReadOnlyList<BareBase> Many);

    [ConfigKinds(typeof(BareKind))]
    private abstract record BareBase;

    [ConfigKind("bare")]
    private sealed record BareKind(double Weight) : BareBase;
}
