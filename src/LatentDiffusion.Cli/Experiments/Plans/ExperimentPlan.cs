using System.ComponentModel;
using LatentDiffusion.Configuration;

namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>
/// An experiment as a file: which commands of this program to run for which values, and what to show of their results. In
/// commands <c>{out}</c> is the experiment's folder, <c>{root}</c> the one that has data, models and configurations, and
/// <c>{name}</c> the value of a variable.
/// </summary>
internal sealed record ExperimentPlan : IConfigCheck
{
    [Description("The heading of the report.")]
    public required string Title { get; init; }

    [Description("Where the paper has it.")]
    public required string Paper { get; init; }

    [Description("Paragraphs that say what is done and why.")]
    public required IReadOnlyList<string> Text { get; init; }

    [Description("Seed of every command.")]
    [Minimum(0)]
    public long Seed { get; init; } = 23;

    [Description("What to run, in order.")]
    public required IReadOnlyList<PlanStage> Stages { get; init; }

    [Description("What the paper claims, and how the numbers here tell whether it holds.")]
    public IReadOnlyList<PlanClaim> Claims { get; init; } = [];

    [Description("Tables of the report.")]
    public IReadOnlyList<PlanTable> Tables { get; init; } = [];

    [Description("Plots of the report.")]
    public IReadOnlyList<PlanPlot> Plots { get; init; } = [];

    [Description("Pictures of the report.")]
    public IReadOnlyList<PlanPictures> Pictures { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        var steps = Stages.SelectMany(stage => stage.Steps).Select(step => step.Name).ToHashSet(StringComparer.Ordinal);
        var values = Claims
            .SelectMany(claim => new[] { claim.Left, claim.Right })
            .OfType<PlanValue>()
            .Select(value => value.Of)
            .Concat(Tables.SelectMany(table => table.Values.Select(value => value.Of)))
            .Concat(Plots.SelectMany(plot => new[] { plot.X, plot.Y }).Where(axis => !axis.StartsWith('{')))
            .Concat(Pictures.Select(picture => picture.File));
        foreach (var value in values.Where(value => !steps.Contains(value.Split('.')[0])))
        {
            yield return new ConfigProblem(
                nameof(Stages),
                $"has no step '{value.Split('.')[0]}', whose result '{value}' is to be shown"
            );
        }
    }
}

/// <summary>Steps that are run together for every combination of some values.</summary>
internal sealed record PlanStage
{
    [Description(
        "Lists of values, such as [f=1 batch=8, f=4 batch=32]; the steps run once for every combination, the last list "
            + "changing fastest."
    )]
    public IReadOnlyList<IReadOnlyList<string>> For { get; init; } = [];

    [Description("The steps, in order.")]
    public required IReadOnlyList<PlanStep> Steps { get; init; }
}

/// <summary>One command of this program.</summary>
internal sealed record PlanStep
{
    [Description("What results are called by.")]
    public required string Name { get; init; }

    [Description("The command line without 'ldm'.")]
    public required string Run { get; init; }
}

/// <summary>A number among the results.</summary>
internal sealed record PlanValue
{
    [Description("Step and key, such as evaluate.fid; the last run of the step that fits.")]
    public required string Of { get; init; }

    [Description("Which run of the step, such as 'f=4 part=2'.")]
    public string Where { get; init; } = "";
}

/// <summary>On which side a number has to be.</summary>
internal enum ClaimRelation
{
    Below,
    Above,
}

/// <summary>A claim of the paper: the left number is below or above the right one.</summary>
internal sealed record PlanClaim : IConfigCheck
{
    [Description("The claim in words.")]
    public required string Text { get; init; }

    [Description("A number; null where the claim cannot be tested here.")]
    public PlanValue? Left { get; init; }

    [Description("On which side of the right number it has to be.")]
    public ClaimRelation Is { get; init; }

    [Description("What the right number is multiplied by.")]
    public double Times { get; init; } = 1;

    [Description("The number to compare with.")]
    public PlanValue? Right { get; init; }

    [Description("Why the claim cannot be tested, or what to think of the comparison.")]
    public string? Note { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if ((Left is null) != (Right is null))
        {
            yield return new ConfigProblem(nameof(Right), "belongs to 'left': give both or none");
        }

        if (Left is null && Note is null)
        {
            yield return new ConfigProblem(nameof(Note), "must say why the claim cannot be tested");
        }
    }
}

/// <summary>A column of a table.</summary>
internal sealed record PlanColumn
{
    [Description("Step and key, such as evaluate.fid.")]
    public required string Of { get; init; }

    [Description("The column's heading.")]
    public string Title { get; init; } = "";

    [Description("How numbers are written.")]
    public string Format { get; init; } = "0.00";

    [Description("Which run of the step, such as part=4.")]
    public string Where { get; init; } = "";
}

/// <summary>A table: a row for every value of a variable, a column for every result or for every value of another.</summary>
internal sealed record PlanTable : IConfigCheck
{
    [Description("The heading.")]
    public required string Title { get; init; }

    [Description("The variables that tell rows apart.")]
    public required IReadOnlyList<string> Rows { get; init; }

    [Description("The variable whose values are columns, or null.")]
    public string? Columns { get; init; }

    [Description("The results to show; one where 'columns' is set.")]
    public required IReadOnlyList<PlanColumn> Values { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Check()
    {
        if (Values.Count == 0 || (Columns is not null && Values.Count > 1))
        {
            yield return new ConfigProblem(nameof(Values), "must be one result, or several without 'columns'");
        }
    }
}

/// <summary>A plot of one result over another, both axes logarithmic.</summary>
internal sealed record PlanPlot
{
    [Description("The heading.")]
    public required string Title { get; init; }

    [Description("Step and key of the numbers across, or a {variable} that is a number.")]
    public required string X { get; init; }

    [Description("What they are.")]
    public required string XTitle { get; init; }

    [Description("Step and key of the numbers upwards, one point for every run of the step.")]
    public required string Y { get; init; }

    [Description("What they are.")]
    public required string YTitle { get; init; }

    [Description("The variable that has a curve for every value.")]
    public required string Curves { get; init; }

    [Description("A curve's name, with {variables}.")]
    public string Name { get; init; } = "";
}

/// <summary>Pictures that a step wrote.</summary>
internal sealed record PlanPictures
{
    [Description("The heading.")]
    public required string Title { get; init; }

    [Description("Step and key of the file's path.")]
    public required string File { get; init; }

    [Description("Which runs of the step, such as part=4.")]
    public string Where { get; init; } = "";

    [Description("What is said below each, with {variables}.")]
    public required string Caption { get; init; }
}
