using LatentDiffusion.Configuration;
using Xunit;

namespace LatentDiffusion.Tests.Configuration;

public sealed class ConfigOverrideTests
{
    private const string Yaml = """
        net:
          channels: 8
          mult: [1, 2]
          num_heads: 4
        first_stage: {kind: kl, weight: 1}
        optimizer: ~
        """;

    [Fact]
    public void Values_are_yaml_and_later_ones_win()
    {
        var run = Bind(
            "net.channels=16",
            "net.channels=32",
            "net.mult=[1, 3, 5]",
            "net.num_heads=null",
            "net.dropout=1e-4",
            "name=a=b",
            "optimizer={rate: 2, kind: adam}"
        );

        Assert.Equal(32, run.Net.Channels);
        Assert.Equal([1, 3, 5], run.Net.Mult);
        Assert.Null(run.Net.NumHeads);
        Assert.Equal(1e-4, run.Net.Dropout);
        Assert.Equal("a=b", run.Name);
        Assert.Equal(new AdamConfig { Rate = 2 }, run.Optimizer);
    }

    [Fact]
    public void An_item_of_a_list_is_replaced_in_the_file_or_in_the_default()
    {
        var run = Bind("net.mult.1=7", "net.blocks.0.label=z", "optimizer.beta=0.5");

        Assert.Equal([1, 7], run.Net.Mult);
        Assert.Equal([new BlockConfig(1, "z"), new BlockConfig(2, "b")], run.Net.Blocks);
        Assert.Equal([5, 2, 4], Defaults("net.mult.0=5").Net.Mult);
    }

    [Fact]
    public void An_override_changes_nothing_but_its_own_value()
    {
        Assert.Equal(new AdamConfig { Rate = 0.5, Beta = 0.1 }, Defaults("optimizer.beta=0.1").Optimizer);
        Assert.Equal(new AdamConfig { Rate = 0.5, Beta = 0.1 }, Defaults("optimizer={beta: 0.1}").Optimizer);
        Assert.Equal(4, Bind("net={channels: 6}").Net.NumHeads);
    }

    [Fact]
    public void An_inline_mapping_with_a_kind_starts_anew() =>
        Assert.Equal(new VqConfig(9), Bind("first_stage={kind: vq}", "first_stage.codes=9").FirstStage);

    [Fact]
    public void The_document_itself_stays_as_it_was()
    {
        var document = ConfigDocument.Parse("net: {channels: 8}", "run.yaml");

        document.WithOverrides(["net.channels=2"]);

        Assert.Equal(8, document.Bind<RunConfig>().Net.Channels);
    }

    [Theory]
    [InlineData("net.chanels=3", "override 'net.chanels=3': unknown key 'chanels' in net. Did you mean 'channels'?")]
    [InlineData("nte.channels=3", "override 'nte.channels=3': unknown key 'nte' at the top level. Did you mean 'net'?")]
    [InlineData(
        "net.channels=x",
        "override 'net.channels=x': net.channels is 'x'; an integer from -2147483648 to 2147483647 is expected"
    )]
    [InlineData("net.channels=3", "override 'net.channels=3': net.channels is 3: must be even")]
    [InlineData("net.channels=-2", "override 'net.channels=-2': net.channels is -2; it must be at least 1")]
    [InlineData(
        "net.channels.x=1",
        "override 'net.channels.x=1': net.channels is '8' (run.yaml:2:13), which has no key 'x'"
    )]
    [InlineData("net.mult.2=1", "override 'net.mult.2=1': net.mult is a list of 2 (run.yaml:3:9), it has no item '2'")]
    [InlineData(
        "net.mult.-1=1",
        "override 'net.mult.-1=1': net.mult is a list of 2 (run.yaml:3:9), it has no item '-1'"
    )]
    [InlineData(
        "net.blocks.2.depth=1",
        "override 'net.blocks.2.depth=1': net.blocks is a list of 2, it has no item '2'"
    )]
    [InlineData("net.channels", "override 'net.channels': write it as key=value, for example unet.channels=64")]
    [InlineData("=3", "override '=3': write it as key=value, for example unet.channels=64")]
    [InlineData("net..channels=3", "override 'net..channels=3': write it as key=value, for example unet.channels=64")]
    [InlineData("first_stage.kind=vq", "run.yaml:5:25: unknown key 'weight' in first_stage. The keys are kind, codes.")]
    [InlineData(
        "optimizer.kind=sdg",
        "override 'optimizer.kind=sdg': optimizer.kind is 'sdg', an unknown kind. Did you mean 'sgd'? The kinds are adam, sgd."
    )]
    public void A_mistake_names_the_override(string text, string message) =>
        Assert.Equal(message, Assert.Throws<ConfigException>(() => Bind("optimizer={}", text)).Message);

    [Fact]
    public void A_value_that_is_no_yaml_names_the_override()
    {
        var message = Assert.Throws<ConfigException>(() => Bind("net.mult=[1, 2")).Message;

        Assert.StartsWith("override 'net.mult=[1, 2': not valid YAML: ", message, StringComparison.Ordinal);
    }

    private static RunConfig Bind(params string[] overrides) =>
        ConfigDocument.Parse(Yaml, "run.yaml").WithOverrides(["optimizer={}", .. overrides]).Bind<RunConfig>();

    private static RunConfig Defaults(params string[] overrides) =>
        ConfigDocument.Parse("net: {channels: 8}", "run.yaml").WithOverrides(overrides).Bind<RunConfig>();
}
