using LatentDiffusion.Configuration;
using Xunit;

namespace LatentDiffusion.Tests.Configuration;

public sealed class ConfigErrorTests
{
    [Theory]
    // Keys.
    [InlineData("net:\n  chanels: 8", "run.yaml:2:3: unknown key 'chanels' in net. Did you mean 'channels'?")]
    [InlineData("nte: 1", "run.yaml:1:1: unknown key 'nte' at the top level. Did you mean 'net'?")]
    [InlineData(
        "net: {channels: 2}\nfirst_stage:\n  kind: kl\n  zzzzzz: 8",
        "run.yaml:4:3: unknown key 'zzzzzz' in first_stage. The keys are kind, weight."
    )]
    [InlineData(
        "net:\n  channels: 2\n  num-heads: 1",
        "run.yaml:3:3: unknown key 'num-heads' in net. Did you mean 'num_heads'?"
    )]
    [InlineData("seed: 1\n\nnet:\n  dropout: 0", "run.yaml:3:1: net lacks the required key 'channels'")]
    [InlineData("\nseed: 1", "run.yaml:2:1: the top level lacks the required key 'net'")]
    [InlineData("", "run.yaml:1:1: the top level lacks the required key 'net'")]
    [InlineData("seed: 1\nname: a\nseed: 2", "run.yaml:3:1: key 'seed' is already given at line 1")]
    [InlineData(
        "net:\n  blocks:\n    - depth: 1\n    - label: x\n  channels: 2",
        "run.yaml:4:7: net.blocks.1 lacks the required key 'depth'"
    )]
    // Types.
    [InlineData(
        "net:\n  channels: many",
        "run.yaml:2:3: net.channels is 'many'; an integer from -2147483648 to 2147483647 is expected"
    )]
    [InlineData(
        "net: {channels: 3000000000}",
        "run.yaml:1:7: net.channels is '3000000000'; an integer from -2147483648 to 2147483647 is expected"
    )]
    [InlineData(
        "net: {channels: \"8\"}",
        "run.yaml:1:7: net.channels is the text '8'; an integer from -2147483648 to 2147483647 is expected"
    )]
    [InlineData(
        "net: {channels: 8.0}",
        "run.yaml:1:7: net.channels is '8.0'; an integer from -2147483648 to 2147483647 is expected"
    )]
    [InlineData(
        "net:\n  channels:",
        "run.yaml:2:3: net.channels is null; an integer from -2147483648 to 2147483647 is expected"
    )]
    [InlineData("net: {channels: 2}\nseed: 1.5", "run.yaml:2:1: seed is '1.5'; a 64-bit integer is expected")]
    [InlineData(
        "net: {channels: 2, dropout: .nan}",
        "run.yaml:1:20: net.dropout is '.nan'; a finite number is expected"
    )]
    [InlineData("net: {channels: 2, dropout: NaN}", "run.yaml:1:20: net.dropout is 'NaN'; a finite number is expected")]
    [InlineData(
        "net: {channels: 2, dropout: 1e999}",
        "run.yaml:1:20: net.dropout is '1e999'; a finite number is expected"
    )]
    [InlineData(
        "net: {channels: 2, dropout: '1,5'}",
        "run.yaml:1:20: net.dropout is the text '1,5'; a finite number is expected"
    )]
    [InlineData(
        "net: {channels: 2, checkpoint: yes}",
        "run.yaml:1:20: net.checkpoint is 'yes'; true or false is expected"
    )]
    [InlineData("net: {channels: 2, mult: 1}", "run.yaml:1:20: net.mult is '1'; a list is expected")]
    [InlineData("net: {channels: 2, mult: {0: 1}}", "run.yaml:1:20: net.mult is a mapping; a list is expected")]
    [InlineData(
        "net:\n  channels: 2\n  mult:\n    - 1\n    - x",
        "run.yaml:5:7: net.mult.1 is 'x'; an integer from -2147483648 to 2147483647 is expected"
    )]
    [InlineData("net: [1]", "run.yaml:1:1: net is a list; a mapping of keys to values is expected")]
    [InlineData("net:\n", "run.yaml:1:1: net is null; a mapping of keys to values is expected")]
    [InlineData("net: {channels: 2}\nname: ~", "run.yaml:2:1: name is null; text (in quotes when empty) is expected")]
    [InlineData("net: {channels: 2}\ndata: ''", "run.yaml:2:1: data is the text ''; a path is expected")]
    [InlineData(
        "net:\n  channels: 2\n  activation: swsh",
        "run.yaml:3:3: net.activation is 'swsh'; one of relu, swish, leaky_relu is expected. Did you mean 'swish'?"
    )]
    [InlineData(
        "net:\n  channels: 2\n  activation: 1",
        "run.yaml:3:3: net.activation is '1'; one of relu, swish, leaky_relu is expected"
    )]
    // Kinds.
    [InlineData(
        "net: {channels: 2}\nfirst_stage:\n  kind: kll",
        "run.yaml:3:3: first_stage.kind is 'kll', an unknown kind. Did you mean 'kl'? The kinds are kl, vq."
    )]
    [InlineData(
        "net: {channels: 2}\nfirst_stage:\n  kind: System.String",
        "run.yaml:3:3: first_stage.kind is 'System.String', an unknown kind. The kinds are kl, vq."
    )]
    [InlineData(
        "net: {channels: 2}\nfirst_stage:\n  codes: 1",
        "run.yaml:2:1: first_stage lacks the required key 'kind', one of kl, vq"
    )]
    [InlineData(
        "net: {channels: 2}\nfirst_stage: {kind: [kl]}",
        "run.yaml:2:15: first_stage.kind is a list; one of kl, vq is expected"
    )]
    // Ranges and checks.
    [InlineData("net:\n  channels: 0", "run.yaml:2:3: net.channels is 0; it must be at least 1")]
    [InlineData("net:\n  channels: 2\n  dropout: 1", "run.yaml:3:3: net.dropout is 1; it must be less than 1")]
    [InlineData("net:\n  channels: 2\n  mult: [1, 0]", "run.yaml:3:13: net.mult.1 is 0; it must be at least 1")]
    [InlineData(
        "net: {channels: 2}\noptimizer:\n  rate: 0.0",
        "run.yaml:3:3: optimizer.rate is 0.0; it must be greater than 0"
    )]
    [InlineData("net:\n  dropout: 0\n  channels: 3", "run.yaml:3:3: net.channels is 3: must be even")]
    [InlineData("net:\n  channels: 2\n  blocks: []", "run.yaml:3:3: net.blocks is []: must not be empty")]
    public void The_message_names_place_key_value_and_remedy(string yaml, string message)
    {
        var error = Assert.Throws<ConfigException>(() => ConfigDocument.Parse(yaml, "run.yaml").Bind<RunConfig>());

        Assert.Equal(message, error.Message);
    }

    [Theory]
    [InlineData("a: 1\nb: [1, 2\nc: 3", 2)]
    [InlineData("a: 1\nb: @x", 2)]
    [InlineData("a:\n\t- 1", 1)]
    [InlineData("a: 1\nb: 'x", 2)]
    [InlineData("a: 1\nb: c: d", 2)]
    [InlineData("a: 1\n--- \nb: 2", 2)]
    [InlineData("a: 1\nb: *nowhere", 2)]
    [InlineData("a: 1\nb: &self [*self]", 2)]
    [InlineData("a: 1\nb: !!python/object:os.system x", 2)]
    [InlineData("a: 1\n[b]: 2", 2)]
    [InlineData("- 1", 1)]
    [InlineData("# words\nwords", 2)]
    public void Text_that_is_no_plain_mapping_is_refused_with_its_line(string yaml, int line)
    {
        var error = Assert.Throws<ConfigException>(() => ConfigDocument.Parse(yaml, "run.yaml"));

        Assert.Equal(line, error.Location.Line);
        Assert.StartsWith($"run.yaml:{line}:", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Nesting_without_end_is_refused_before_the_stack_ends()
    {
        var yaml = "a: " + new string('[', 5000);

        Assert.Contains(
            "levels deep",
            Assert.Throws<ConfigException>(() => ConfigDocument.Parse(yaml, "run.yaml")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_value_with_line_breaks_stays_in_one_line_and_is_cut()
    {
        var yaml = $"net: {{channels: \"1\\n{new string('x', 500)}\"}}";

        var message = Assert.Throws<ConfigException>(() => ConfigDocument.Parse(yaml, "a").Bind<RunConfig>()).Message;

        Assert.DoesNotContain('\n', message);
        Assert.True(message.Length < 200);
    }

    [Fact]
    public void A_check_may_blame_a_nested_key_or_one_that_is_not_written()
    {
        var written = Assert.Throws<ConfigException>(() =>
            ConfigDocument.Parse("block:\n  depth: 4", "a").Bind<OuterConfig>()
        );
        var unwritten = Assert.Throws<ConfigException>(() =>
            ConfigDocument.Parse("x: 1\nblock: {depth: 4, label: z}", "a").Bind<OuterConfig>()
        );

        Assert.Equal("a:1:1: block.label is a: must not be a at depth 4", written.Message);
        Assert.Equal("a:2:9: block.depth is 4: must be less with x", unwritten.Message);
    }

    private sealed record OuterConfig(BlockConfig Block, int? X = null) : IConfigCheck
    {
        public IEnumerable<ConfigProblem> Check() =>
            X is null
                ? [new($"{nameof(Block)}.{nameof(Block.Label)}", "must not be a at depth 4")]
                : [new($"{nameof(Block)}.{nameof(Block.Depth)}", "must be less with x")];
    }
}
