using CsCheck;
using LatentDiffusion.Configuration;
using Xunit;

namespace LatentDiffusion.Tests.Configuration;

public sealed class ConfigFuzzTests
{
    private const string Yaml = """
        net: &net
          channels: 8
          mult: [1, 2]
          blocks:
            - {depth: 1, label: "x"}
            - depth: 2
        optimizer: {kind: adam, beta: 0.5}
        first_stage: {kind: kl, weight: 1e-6}
        extra: ['a', "b"]
        name: |
          text
        """;

    private static readonly Gen<string> Scrap = Gen.OneOf(
        Gen.String[Gen.Char[" \n\t:-,[]{}'\"#&*!|>%@?=.~0aé\0\u0085\ufeff"], 0, 3],
        Gen.OneOf(
            "*net",
            "&a ",
            "<<: ",
            "null",
            "kind: vq",
            "\n---\n",
            "\n...\n",
            "!!str ",
            "- ",
            "%YAML 3.0\n",
            "? ",
            "🙂"
        )
    );

    [Fact]
    public void A_damaged_document_binds_or_is_refused_in_one_line_with_its_place() =>
        Gen.Select(Gen.Int[0, Yaml.Length], Gen.Int[0, 12], Scrap)
            .Array[1, 3]
            .Sample(
                damages =>
                {
                    var yaml = damages.Aggregate(
                        Yaml,
                        (text, damage) =>
                        {
                            var (start, length, scrap) = damage;
                            start = Math.Min(start, text.Length);
                            return text[..start] + scrap + text[Math.Min(start + length, text.Length)..];
                        }
                    );
                    AssertRefusedWell(() => ConfigDocument.Parse(yaml, "run.yaml"), "run.yaml:");
                },
                iter: 3000
            );

    [Fact]
    public void A_damaged_override_binds_or_is_refused_in_one_line_that_names_it() =>
        Gen.Select(Gen.OneOf("net", "net.mult", "net.blocks.0", "extra.1", "optimizer", "name", "x."), Scrap, Scrap)
            .Sample(
                (key, path, value) =>
                    AssertRefusedWell(
                        () => ConfigDocument.Parse(Yaml, "run.yaml").WithOverrides([$"{key}{path}={value}"]),
                        "override '"
                    ),
                iter: 3000
            );

    private static void AssertRefusedWell(Func<ConfigDocument> document, string place)
    {
        try
        {
            document().Bind<RunConfig>();
        }
        catch (ConfigException e)
        {
            Assert.StartsWith(place, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(e.Message, c => char.IsControl(c) || c == '\u2028');
        }
    }
}
