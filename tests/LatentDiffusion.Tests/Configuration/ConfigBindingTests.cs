using LatentDiffusion.Configuration;
using Xunit;

namespace LatentDiffusion.Tests.Configuration;

public sealed class ConfigBindingTests
{
    [Fact]
    public void Absent_keys_take_their_defaults()
    {
        var run = Bind("net: {channels: 8}");

        Assert.Equal(8, run.Net.Channels);
        Assert.Equal([1, 2, 4], run.Net.Mult);
        Assert.Null(run.Data);
        Assert.Equal(23, run.Seed);
        Assert.Equal(new AdamConfig { Rate = 0.5 }, run.Optimizer);
    }

    [Fact]
    public void Every_type_is_read()
    {
        var run = Bind(
            """
            net:
              channels: 8
              mult:
                - 1
                - 3
              dropout: 4.5e-06
              activation: leaky_relu
              num_heads: 2
              checkpoint: true
              blocks: [{depth: 3, label: "4"}, {depth: 5}]
            optimizer: {kind: sgd, momentum: 1, rate: 1e-04}
            first_stage:
              kind: vq
              codes: 512
            seed: 9000000000
            name: 2024
            """
        );

        Assert.Equal([1, 3], run.Net.Mult);
        Assert.Equal(4.5e-6, run.Net.Dropout);
        Assert.Equal(Activation.LeakyRelu, run.Net.Activation);
        Assert.Equal(2, run.Net.NumHeads);
        Assert.True(run.Net.Checkpoint);
        Assert.Equal([new BlockConfig(3, "4"), new BlockConfig(5)], run.Net.Blocks);
        Assert.Equal(new SgdConfig(1) { Rate = 1e-4 }, run.Optimizer);
        Assert.Equal(new VqConfig(512), run.FirstStage);
        Assert.Equal(9_000_000_000, run.Seed);
        Assert.Equal("2024", run.Name);
    }

    [Fact]
    public void A_record_given_in_part_keeps_the_rest_of_its_default()
    {
        // 0.5 is the default of RunConfig.Optimizer, 1e-4 the default of an optimizer that is chosen anew.
        Assert.Equal(0.5, Bind("{net: {channels: 2}, optimizer: {beta: 0.1}}").Optimizer.Rate);
        Assert.Equal(0.5, Bind("{net: {channels: 2}, optimizer: {kind: adam}}").Optimizer.Rate);
        Assert.Equal(1e-4, Bind("{net: {channels: 2}, optimizer: {kind: sgd, momentum: 0}}").Optimizer.Rate);
    }

    [Fact]
    public void An_alias_repeats_its_anchor()
    {
        var run = Bind("net:\n  channels: &n 6\n  num_heads: *n\n  blocks: [&b {depth: 1}, *b]");

        Assert.Equal(6, run.Net.NumHeads);
        Assert.Equal(run.Net.Blocks[0], run.Net.Blocks[1]);
    }

    [Fact]
    public void An_empty_document_is_a_mapping_without_keys() =>
        Assert.Equal(
            "a",
            ConfigDocument.Parse("# nothing\n", "a.yaml").WithOverrides(["depth=1"]).Bind<BlockConfig>().Label
        );

    [Fact]
    public void A_kind_bound_by_its_own_type_may_name_itself()
    {
        Assert.Equal(3, ConfigDocument.Parse("{kind: vq, codes: 3}", "a").Bind<VqConfig>().Codes);
        Assert.Equal(3, ConfigDocument.Parse("codes: 3", "a").Bind<VqConfig>().Codes);
        Assert.Throws<ConfigException>(() => ConfigDocument.Parse("{kind: kl, codes: 3}", "a").Bind<VqConfig>());
    }

    [Fact]
    public void A_type_that_no_configuration_can_hold_is_a_mistake_of_the_program() =>
        Assert.Throws<InvalidOperationException>(() => ConfigDocument.Parse("", "a").Bind<BadConfig>());

    private static RunConfig Bind(string yaml) => ConfigDocument.Parse(yaml, "run.yaml").Bind<RunConfig>();

    private sealed record BadConfig
    {
        public Version? Version { get; init; }
    }
}
