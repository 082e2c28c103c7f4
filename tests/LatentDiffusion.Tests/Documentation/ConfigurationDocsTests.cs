using LatentDiffusion.Configuration;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Training.Experiments;
using Xunit;

namespace LatentDiffusion.Tests.Documentation;

public sealed class ConfigurationDocsTests
{
    private const string UpdateVariable = "UPDATE_DOCS";

    public static TheoryData<string> Configurations =>
        [
            .. Directory
                .EnumerateFiles(Repository.PathOf("configs"), "*.yaml", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
                .Order(StringComparer.Ordinal),
        ];

    [Fact]
    public void Every_setting_is_documented() => Assert.Empty(ConfigReference.Undocumented(typeof(ExperimentConfig)));

    [Fact]
    public void The_reference_is_up_to_date()
    {
        var path = Repository.PathOf("docs/configuration.md");
        var expected = ConfigReference.ToMarkdown(typeof(ExperimentConfig), "Configuration");
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.True(
            File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == expected.ReplaceLineEndings("\n"),
            $"docs/configuration.md is out of date: run the tests once with {UpdateVariable}=1 and commit it."
        );
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Every_configuration_that_ships_can_be_read(string path) =>
        Assert.NotNull(ConfigDocument.Load(Repository.PathOf(path)).Bind<ExperimentConfig>());
}
