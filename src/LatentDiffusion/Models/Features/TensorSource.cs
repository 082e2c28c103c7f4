using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Features;

/// <summary>Named tensors of an open file: all that the readers of feature networks know of its format.</summary>
internal sealed class TensorSource : IDisposable
{
    private const int NamesShown = 3;
    private readonly IWeights _file;

    private TensorSource(IWeights file) => _file = file;

    /// <summary>The file, as it was given.</summary>
    public string Path => _file.Path;

    /// <summary>The sizes of every tensor by its name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes => _file.Shapes;

    /// <summary>Opens a safetensors file or one of torch.save (.pth).</summary>
    /// <exception cref="UserInputException">The file is missing or may not be read.</exception>
    public static TensorSource Open(string path) => new(WeightsFile.Open(path));

    /// <summary>Whether there is a tensor of this name and shape.</summary>
    public bool Has(string name, params ReadOnlySpan<long> shape) =>
        Shapes.TryGetValue(name, out var found) && shape.SequenceEqual([.. found]);

    /// <summary>Reads a tensor as float32 into fresh memory, which belongs to the current dispose scope.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">The shape that it must have.</param>
    /// <exception cref="UserInputException">There is no such tensor, or it has another shape.</exception>
    public Tensor Read(string name, params long[] shape)
    {
        var target = empty(shape);
        _file.ReadInto(name, target);
        return target;
    }

    /// <summary>Fills tensors; nothing is changed unless all are there.</summary>
    /// <param name="targets">Names in the file and tensors to fill.</param>
    /// <param name="owned">Names of the file that must all have a target.</param>
    /// <param name="what">What is being read, for messages.</param>
    /// <exception cref="UserInputException">Tensors are missing, unexpected or of another shape.</exception>
    public void Fill(IReadOnlyList<(string Name, Tensor Target)> targets, IEnumerable<string> owned, string what)
    {
        Require([.. targets.Select(t => (t.Name, t.Target.shape))], owned, what);
        using var noGradient = no_grad();
        foreach (var (name, target) in targets)
        {
            _file.ReadInto(name, target);
        }
    }

    /// <summary>Refuses a file that does not hold just what is expected.</summary>
    /// <param name="expected">Names and shapes.</param>
    /// <param name="owned">Names of the file that must all be expected.</param>
    /// <param name="what">What is being read, for messages.</param>
    /// <exception cref="UserInputException">Tensors are missing, unexpected or of another shape.</exception>
    public void Require(IReadOnlyList<(string Name, long[] Shape)> expected, IEnumerable<string> owned, string what)
    {
        Refuse(what, "missing", expected.Select(t => t.Name).Where(n => !Shapes.ContainsKey(n)));
        Refuse(what, "unexpected", owned.Except(expected.Select(t => t.Name)));
        Refuse(what, "of another shape", expected.Where(t => !Has(t.Name, t.Shape)).Select(t => t.Name));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Refuse(string what, string how, IEnumerable<string> names)
    {
        var all = names.ToList();
        if (all.Count > 0)
        {
            var shown = string.Join(", ", all.Take(NamesShown)) + (all.Count > NamesShown ? ", ..." : "");
            throw new UserInputException(
                $"{Path}: {all.Count} tensors of {what} are {how} ({shown}). Use a complete, unchanged copy of the file."
            );
        }
    }
}
