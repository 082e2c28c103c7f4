namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>Makes the tables of a plan's report from its results.</summary>
/// <param name="plan">The plan.</param>
/// <param name="results">What there is; cells of what is missing are empty.</param>
internal sealed class PlanTables(ExperimentPlan plan, PlanResults results)
{
    /// <summary>All tables.</summary>
    public IEnumerable<ResultTable> All() => plan.Tables.Select(Table);

    /// <summary>Claims, numbers, and whether they hold.</summary>
    public ResultTable Claims() =>
        new(
            "The paper's claims",
            [
                ["claim", "here", "verdict"],
                .. plan.Claims.Select(ClaimRow),
            ]
        );

    private ResultTable Table(PlanTable table)
    {
        var first = PlanResults.Split(table.Values[0].Of).Step;
        var runs = PlanRun.Runs(plan).Where(run => run.Step.Name == first).Select(run => run.Bindings).ToList();
        var rows = runs.Select(b => b.Only(table.Rows)).DistinctBy(b => b.Text).ToList();
        return table.Columns is { } across
            ? new ResultTable(table.Title, Crossed(table, rows, runs, across))
            : new ResultTable(
                table.Title,
                [
                    [.. table.Rows, .. table.Values.Select(value => value.Title)],
                    .. rows.Select(row =>
                        (string[])
                            [
                                .. row.Values.Select(v => v.Value),
                                .. table.Values.Select(value =>
                                    results.Written(value.Of, With(row, value.Where), value.Format)
                                ),
                            ]
                    ),
                ]
            );
    }

    private IReadOnlyList<string[]> Crossed(
        PlanTable table,
        IReadOnlyList<Bindings> rows,
        IReadOnlyList<Bindings> runs,
        string across
    )
    {
        var value = table.Values[0];
        var columns = runs.Select(b => b.Find(across)).OfType<string>().Distinct().ToList();
        return
        [
            [.. table.Rows, .. columns.Select(c => $"{across} {c}")],
            .. rows.Select(row =>
                (string[])
                    [
                        .. row.Values.Select(v => v.Value),
                        .. columns.Select(c =>
                            results.Written(value.Of, With(row, $"{value.Where} {across}={c}"), value.Format)
                        ),
                    ]
            ),
        ];
    }

    private string[] ClaimRow(PlanClaim claim)
    {
        if (claim is not { Left: { } first, Right: { } second })
        {
            return [claim.Text, claim.Note ?? "", "cannot be tested here"];
        }

        var (left, right) = (Number(first), Number(second));
        if (left is not { } l || right is not { } r)
        {
            return [claim.Text, "not measured", ""];
        }

        var holds = claim.Is == ClaimRelation.Below ? l < claim.Times * r : l > claim.Times * r;
        var numbers = FormattableString.Invariant($"{l:0.###} and {r:0.###} (ratio {l / r:0.##})");
        return
        [
            claim.Text,
            claim.Note is null ? numbers : $"{numbers}. {claim.Note}",
            holds ? "holds here" : "does not hold here",
        ];
    }

    private double? Number(PlanValue value) => results.Number(value.Of, Bindings.Parse(value.Where));

    private static Bindings With(Bindings row, string where) => new([.. row.Values, .. Bindings.Parse(where).Values]);
}
