using System.CommandLine;
using System.Text;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Models.Conversion;
using static System.FormattableString;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm inspect</c>: what a checkpoint holds.</summary>
internal sealed class InspectVerb : Verb
{
    private const int MostMetadata = 200;

    private readonly Argument<string> _file = new("file")
    {
        Description = "A .ckpt or .safetensors file, a folder of diffusers, a run folder or a model folder",
    };

    private readonly Option<string?> _config = new("--config")
    {
        Description = "Configuration (YAML) of a published checkpoint; detected from its tensors when absent",
        HelpName = "FILE",
    };

    private readonly Option<bool> _tensors = new("--tensors") { Description = "Also list every tensor" };

    private readonly Option<bool> _load = new("--load")
    {
        Description = "Also load it as for sampling, and tell how long that takes and how much memory",
    };

    public InspectVerb()
        : base(
            "inspect",
            "Show what a checkpoint holds: parts, shapes, scale factor, noise schedule, metadata",
            "ldm inspect model.ckpt --tensors"
        )
    {
        Arguments.Add(_file);
        Options.Add(_config);
        Options.Add(_tensors);
        Options.Add(_load);
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments;
        context.OpenCpu();
        var found = ModelInspection.Of(arguments.GetRequiredValue(_file), arguments.GetValue(_config));
        var loading = arguments.GetValue(_load) ? LoadingCost.Of(found.Path, arguments.GetValue(_config)) : null;
        var withTensors = arguments.GetValue(_tensors);
        context.Output.Result(
            new
            {
                found.Path,
                found.Format,
                found.Bytes,
                found.Sha256,
                TensorCount = found.Tensors.Count,
                found.Parameters,
                found.Dtypes,
                found.Modules,
                found.Architecture,
                found.ScaleFactor,
                found.Schedule,
                found.AverageUpdates,
                Missing = ConvertVerb.Shown(found.Report.Missing),
                Unexpected = ConvertVerb.Shown(found.Report.Unexpected),
                Misshaped = ConvertVerb.Shown(found.Report.Misshaped),
                found.Metadata,
                found.Stubs,
                found.Notes,
                Loading = loading,
                Tensors = withTensors ? found.Tensors : null,
            },
            _ => InWords(found, withTensors) + (loading is null ? "" : $"\n{loading.InWords()}")
        );
        return Task.FromResult(ExitCode.Done);
    }

    private static string InWords(ModelInspection found, bool withTensors)
    {
        var text = new StringBuilder();
        Line($"{found.Path}");
        Line(
            $"{found.Format}, {found.Bytes / 1e6:f1} MB, {found.Tensors.Count} tensors, {found.Parameters / 1e6:f2} M numbers"
        );
        Line($"types: {string.Join(", ", found.Dtypes.Select(d => Invariant($"{d.Value} x {d.Key}")))}");
        if (found.Sha256 is { } hash)
        {
            Line($"sha256: {hash} (short: {hash[..10]})");
        }

        foreach (var module in found.Modules)
        {
            Line($"  {module.Name}: {module.Tensors} tensors, {module.Parameters / 1e6:f2} M");
        }

        if (found.ScaleFactor is { } scale)
        {
            Line($"scale factor: {scale}");
        }

        if (found.Schedule is { } schedule)
        {
            Line(
                $"noise schedule: {schedule.Schedule}, {schedule.Betas?.Count ?? schedule.Timesteps} steps, {schedule.LinearStart} to {schedule.LinearEnd}"
            );
        }

        if (found.AverageUpdates is { } updates)
        {
            Line($"averaged weights: {updates} updates");
        }

        foreach (var line in (found.Architecture ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Line($"{line}");
        }

        foreach (var line in found.Report.Lines().Concat(found.Notes.Select(note => "note: " + note)))
        {
            Line($"{line}");
        }

        List("passed over (nothing of it was run)", found.Stubs);
        List("metadata", [.. found.Metadata.Select(m => $"{m.Key}: {Short(m.Value)}")]);
        if (withTensors)
        {
            foreach (var tensor in found.Tensors)
            {
                Line($"{tensor.Name} {tensor.Dtype} [{string.Join(", ", tensor.Shape)}]");
            }
        }

        return text.ToString().TrimEnd();

        void Line(FormattableString line) => text.Append(Invariant(line)).Append('\n');

        void List(string title, IReadOnlyList<string> entries)
        {
            if (entries.Count > 0)
            {
                Line($"{title}:");
            }

            foreach (var entry in entries.Take(TensorReport.NamesShown))
            {
                Line($"  {entry}");
            }

            if (entries.Count > TensorReport.NamesShown)
            {
                Line($"  ... and {entries.Count - TensorReport.NamesShown} more");
            }
        }
    }

    private static string Short(string text)
    {
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length > MostMetadata ? line[..MostMetadata] + "..." : line;
    }
}
