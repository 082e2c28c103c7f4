using LatentDiffusion.Errors;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints;

/// <summary>Names, saves and restores the tensors of modules.</summary>
public static class ModuleState
{
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
        var report = TensorReport.Compare(
            file.Shapes,
            byName.ToDictionary(t => t.Key, t => (IReadOnlyList<long>)t.Value.shape),
            name => isExpected?.Invoke(name) == true
        );
        if (!report.IsMatch)
        {
            throw new UserInputException(
                $"{file.Path} does not fit the model that the configuration describes: {report.InOneLine()}."
            );
        }

        using var noGradient = no_grad();
        foreach (var (name, target) in byName)
        {
            file.ReadInto(name, target);
        }
    }
}
