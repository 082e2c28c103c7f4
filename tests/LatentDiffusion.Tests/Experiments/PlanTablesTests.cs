using System.Text.Json;
using LatentDiffusion.Cli.Experiments.Plans;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;
using Xunit;

namespace LatentDiffusion.Tests.Experiments;

public sealed class PlanTablesTests
{
    private const string Plan = """
        title: A title
        paper: Section 0
        text: [Words.]
        stages:
          - for: [[f=1, f=4], [part=1, part=2]]
            steps:
              - { name: train, run: "train {f} {part}" }
              - { name: evaluate, run: "evaluate {f} {part}" }
        tables:
          - title: Crossed
            rows: [f]
            columns: part
            values: [{ of: evaluate.fid }]
          - title: Joined
            rows: [f]
            values:
              - { of: evaluate.fid, title: FID, where: part=1 }
              - { of: train.nested.speed, title: speed, format: "0" }
        claims:
          - text: four is nearer
            left: { of: evaluate.fid, where: f=4 part=2 }
            is: below
            right: { of: evaluate.fid, where: f=1 part=2 }
          - text: four is four times as fast
            left: { of: train.nested.speed, where: f=4 part=2 }
            is: above
            times: 4
            right: { of: train.nested.speed, where: f=1 part=2 }
          - text: far away
            note: no such data
        """;

    [Fact]
    public void Cells_are_the_numbers_of_the_runs_that_they_name()
    {
        var tables = new PlanTables(Read(Plan), Results()).All().ToList();

        Assert.Equal<string[]>(
            [
                ["f", "part 1", "part 2"],
                ["1", "11.00", "12.00"],
                ["4", "41.00", "42.00"],
            ],
            tables[0].Rows
        );
        // Of several runs that fit, the last one counts.
        Assert.Equal<string[]>(
            [
                ["f", "FID", "speed"],
                ["1", "11.00", "12"],
                ["4", "41.00", "42"],
            ],
            tables[1].Rows
        );
    }

    [Fact]
    public void Claims_are_told_by_their_numbers()
    {
        var rows = new PlanTables(Read(Plan), Results()).Claims().Rows;

        Assert.Equal(["four is nearer", "42 and 12 (ratio 3.5)", "does not hold here"], rows[1]);
        Assert.Equal("does not hold here", rows[2][2]);
        Assert.Equal(["far away", "no such data", "cannot be tested here"], rows[3]);
        var easier = new PlanTables(Read(Plan.Replace("times: 4", "times: 3", StringComparison.Ordinal)), Results());
        Assert.Equal("holds here", easier.Claims().Rows[2][2]);
    }

    [Fact]
    public void What_is_not_measured_yet_is_left_empty()
    {
        var none = new PlanTables(Read(Plan), new PlanResults("", 0, 1, []));

        Assert.Equal(["1", "", ""], none.All().First().Rows[1]);
        Assert.Equal(["four is nearer", "not measured", ""], none.Claims().Rows[1]);
    }

    [Fact]
    public void A_result_that_is_no_number_is_refused()
    {
        var results = new PlanResults("", 0, 1, [Entry("evaluate", "f=1 part=1", """{"fid":"near"}""")]);

        Assert.Contains(
            "evaluate.fid is to be a number, but it is \"near\"",
            Assert.Throws<UserInputException>(() => results.Number("evaluate.fid", Bindings.None)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_plan_that_shows_a_step_it_does_not_have_is_refused() =>
        Assert.Contains(
            "has no step 'measure'",
            Assert
                .Throws<ConfigException>(() =>
                    Read(Plan.Replace("evaluate.fid }]", "measure.fid }]", StringComparison.Ordinal))
                )
                .Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void What_is_told_is_what_the_plan_has_in_its_order()
    {
        var runs = PlanRun.Runs(Read(Plan)).ToList();
        var results = runs.AsEnumerable()
            .Reverse()
            .Aggregate(
                new PlanResults("", 0, 1, [Entry("train", "gone=1", "{}")]),
                (all, run) => all.With(Entry(run.Step.Name, run.Bindings.Text, "{}"))
            );
        var (step, bindings) = runs[1];

        var told = results.With(Entry(step.Name, bindings.Text, """{"fid":2}""")).Of(runs);

        Assert.Equal(
            runs.Select(run => (run.Step.Name, run.Bindings.Text)),
            told.Entries.Select(e => (e.Step, e.Variables))
        );
        Assert.NotNull(told.Find(step.Name, bindings)!.Find("fid"));
    }

    private static ExperimentPlan Read(string text) => ConfigDocument.Parse(text, "plan.yaml").Bind<ExperimentPlan>();

    private static PlanResults Results() =>
        new(
            "plan",
            23,
            1,
            [
                .. from f in new[] { 1, 4 }
                from part in new[] { 1, 2 }
                from entry in new[]
                {
                    Entry("train", $"f={f} part={part}", $$$"""{"nested":{"speed":{{{10 * f + part}}}}}"""),
                    Entry("evaluate", $"f={f} part={part}", $$"""{"fid":{{10 * f + part}}}"""),
                }
                select entry,
            ]
        );

    private static PlanEntry Entry(string step, string variables, string json) =>
        new(step, variables, "", "", "", 0, JsonDocument.Parse(json).RootElement);
}
