using System.Text.RegularExpressions;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Cli.Experiments.Plans;
using LatentDiffusion.Configuration;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Experiments;

/// <summary>Every plan that the repository offers.</summary>
public sealed partial class PlanFolderTests
{
    public static TheoryData<string> All =>
        [.. from experiment in ExperimentVerb.All from scale in PlanFile.Scales select $"{experiment.Name}/{scale}"];

    [Theory]
    [MemberData(nameof(All))]
    public void A_plan_binds_and_names_configurations_that_exist(string name)
    {
        var plan = ConfigDocument.Load(Repository.PathOf($"experiments/{name}.yaml")).Bind<ExperimentPlan>();
        var places = Bindings.Parse($"out=OUT root=.");
        var commands = PlanRun
            .Runs(plan)
            .Select(run => new Bindings([.. run.Bindings.Values, .. places.Values]).Fill(run.Step.Run))
            .ToList();

        Assert.NotEmpty(commands);
        Assert.Equal(
            commands.Count,
            PlanRun.Runs(plan).Select(run => (run.Step.Name, run.Bindings.Text)).Distinct().Count()
        );
        foreach (var config in commands.SelectMany(c => Configuration().Matches(c)).Select(match => match.Value))
        {
            Assert.True(File.Exists(Repository.PathOf(config)), $"{config} does not exist.");
        }
    }

    [Fact]
    public void Every_folder_of_plans_belongs_to_an_experiment() =>
        Assert.Equal(
            ExperimentVerb.All.Select(verb => verb.Name).Order(StringComparer.Ordinal),
            Directory
                .GetDirectories(Repository.PathOf("experiments"))
                .Select(Path.GetFileName)
                .Order(StringComparer.Ordinal)
        );

    [GeneratedRegex(@"configs/\S+\.yaml")]
    private static partial Regex Configuration();
}
