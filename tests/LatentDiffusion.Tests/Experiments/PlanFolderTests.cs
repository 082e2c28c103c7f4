using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using LatentDiffusion.Cli;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Cli.Experiments.Plans;
using LatentDiffusion.Configuration;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Experiments;

/// <summary>Every plan that the repository offers.</summary>
public sealed partial class PlanFolderTests
{
    private static readonly Application Program = new(AllVerbs.Create(), TextWriter.Null);
    private static readonly Bindings Places = Bindings.Parse("out=OUT root=.");

    public static TheoryData<string> All =>
        [.. from experiment in ExperimentVerb.All from scale in PlanFile.Scales select $"{experiment.Name}/{scale}"];

    [Theory]
    [MemberData(nameof(All))]
    public void A_plan_binds_and_names_configurations_that_exist(string name)
    {
        var plan = Load(name);
        var commands = Commands(plan);

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

    [Theory]
    [MemberData(nameof(All))]
    public void The_program_understands_every_command_of_a_plan(string name)
    {
        var plan = Load(name);

        Assert.All(
            Commands(plan),
            command => Assert.Null(Program.FindMistake([.. CommandLineParser.SplitCommandLine(command), "--json"]))
        );
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

    private static ExperimentPlan Load(string name) =>
        ConfigDocument.Load(Repository.PathOf($"experiments/{name}.yaml")).Bind<ExperimentPlan>();

    private static List<string> Commands(ExperimentPlan plan) =>
        [.. PlanRun.Runs(plan).Select(run => PlanRun.Command(run.Step, run.Bindings, Places))];

    [GeneratedRegex(@"configs/\S+\.yaml")]
    private static partial Regex Configuration();
}
