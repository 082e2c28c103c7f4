using System.Globalization;
using System.Text.Json;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>What one run of a step gave.</summary>
/// <param name="Step">The step.</param>
/// <param name="Variables">The values it ran with, as <see cref="Bindings.Text"/>.</param>
/// <param name="Command">The command line, after "ldm".</param>
/// <param name="Configurations">See <see cref="PlanInputs.Configurations"/>.</param>
/// <param name="Origin">Machine and program.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Result">What it printed.</param>
internal sealed record PlanEntry(
    string Step,
    string Variables,
    string Command,
    string Configurations,
    string Origin,
    double Seconds,
    JsonElement Result
)
{
    /// <summary>The values it ran with.</summary>
    public Bindings Bindings => Bindings.Parse(Variables);

    /// <summary>A result.</summary>
    /// <param name="path">Keys from outside to inside, joined by points.</param>
    /// <returns>Null where there is none.</returns>
    public JsonElement? Find(string path)
    {
        var value = Result;
        foreach (var key in path.Split('.'))
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(key, out value))
            {
                return null;
            }
        }

        return value.ValueKind == JsonValueKind.Null ? null : value;
    }
}

/// <summary>The contents of an experiment's results.json.</summary>
/// <param name="Plan">The plan's name and scale.</param>
/// <param name="Seed">Of all commands.</param>
/// <param name="Threads">Of all commands.</param>
/// <param name="Entries">In the order they were run.</param>
internal sealed record PlanResults(string Plan, long Seed, int Threads, IReadOnlyList<PlanEntry> Entries)
{
    /// <summary>The entry of a step's run, or null.</summary>
    public PlanEntry? Find(string step, Bindings bindings) =>
        Entries.FirstOrDefault(e => e.Step == step && e.Variables == bindings.Text);

    /// <summary>With an entry, in place of an earlier one of the same run.</summary>
    public PlanResults With(PlanEntry entry) =>
        this with
        {
            Entries = [.. Entries.Where(e => (e.Step, e.Variables) != (entry.Step, entry.Variables)), entry],
        };

    /// <summary>Those of some runs alone, in their order: a plan may have changed since.</summary>
    public PlanResults Of(IEnumerable<(PlanStep Step, Bindings Bindings)> runs) =>
        this with
        {
            Entries = [.. runs.Select(run => Find(run.Step.Name, run.Bindings)).OfType<PlanEntry>()],
        };

    /// <summary>Without some runs, by step and values.</summary>
    public PlanResults Without(IReadOnlySet<(string Step, string Variables)> runs) =>
        this with
        {
            Entries = [.. Entries.Where(e => !runs.Contains((e.Step, e.Variables)))],
        };

    /// <summary>All runs of a step that agree with some values.</summary>
    public IEnumerable<PlanEntry> Of(string step, Bindings where) =>
        Entries.Where(e => e.Step == step && e.Bindings.AgreesWith(where));

    /// <summary>A number of the last run that fits.</summary>
    /// <param name="reference">Step and key, such as "evaluate.fid".</param>
    /// <param name="where">Which runs fit.</param>
    /// <returns>Null where there is none yet.</returns>
    /// <exception cref="UserInputException">The result is no number.</exception>
    public double? Number(string reference, Bindings where)
    {
        var (step, path) = Split(reference);
        return Of(step, where).LastOrDefault()?.Find(path) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } number => number.GetDouble(),
            { } other => throw new UserInputException(
                $"{reference} is to be a number, but it is {other.GetRawText()}."
            ),
        };
    }

    /// <summary>A number as text; empty where there is none.</summary>
    public string Written(string reference, Bindings where, string format) =>
        Number(reference, where)?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    /// <summary>Divides "step.key.key".</summary>
    public static (string Step, string Path) Split(string reference)
    {
        var point = reference.IndexOf('.', StringComparison.Ordinal);
        return point > 0
            ? (reference[..point], reference[(point + 1)..])
            : throw new UserInputException(
                $"'{reference}' in the plan must be a step and a key, such as evaluate.fid."
            );
    }
}
