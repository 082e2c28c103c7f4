using LatentDiffusion.Errors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints;

/// <summary>Names, saves and restores the tensors of modules.</summary>
public static class ModuleState
{
    private const int NamesShown = 3;

    /// <summary>All parameters and buffers of a module by their state-dict names, borrowed.</summary>
    /// <param name="module">The module.</param>
    /// <param name="prefix">Put before every name, for example "first_stage_model.".</param>
    public static IEnumerable<KeyValuePair<string, Tensor>> Of(nn.Module module, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(module);
        return module
            .named_parameters()
            .Select(p => KeyValuePair.Create(prefix + p.name, (Tensor)p.parameter))
            .Concat(module.named_buffers().Select(b => KeyValuePair.Create(prefix + b.name, b.buffer)));
    }

    /// <summary>Copies tensors of a file into <paramref name="targets"/>; nothing is changed unless all fit.</summary>
    /// <param name="file">The file.</param>
    /// <param name="targets">Names and tensors to fill.</param>
    /// <param name="isExpected">
    /// Which names of the file belong to these targets: one that does, and has no target, is an error. None by default.
    /// </param>
    /// <exception cref="UserInputException">Tensors are missing, unexpected or of another shape.</exception>
    public static void Load(
        IWeights file,
        IEnumerable<KeyValuePair<string, Tensor>> targets,
        Func<string, bool>? isExpected = null
    )
    {
        ArgumentNullException.ThrowIfNull(file);
        var byName = targets.ToDictionary();
        List<string> problems = [];
        Report("missing", byName.Keys.Where(n => !file.Shapes.ContainsKey(n)));
        Report(
            "of another shape",
            byName
                .Where(t => file.Shapes.TryGetValue(t.Key, out var s) && !s.SequenceEqual(t.Value.shape))
                .Select(t =>
                    $"{t.Key} [{string.Join(",", file.Shapes[t.Key])}] instead of [{string.Join(",", t.Value.shape)}]"
                )
        );
        if (isExpected is not null)
        {
            Report("unexpected", file.Shapes.Keys.Where(n => isExpected(n) && !byName.ContainsKey(n)));
        }

        if (problems.Count > 0)
        {
            throw new UserInputException(
                $"{file.Path} does not fit the model that the configuration describes: {string.Join("; ", problems)}."
            );
        }

        using var noGradient = no_grad();
        foreach (var (name, target) in byName)
        {
            file.ReadInto(name, target);
        }

        void Report(string what, IEnumerable<string> names)
        {
            var all = names.ToList();
            if (all.Count > 0)
            {
                var shown = string.Join(", ", all.Take(NamesShown)) + (all.Count > NamesShown ? ", ..." : "");
                problems.Add($"{all.Count} tensors {what} ({shown})");
            }
        }
    }
}
