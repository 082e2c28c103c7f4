using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Diffusers;

/// <summary>The weights of a folder of diffusers under the names and in the shapes of CompVis' checkpoints.</summary>
internal sealed class DiffusersWeights : IWeights
{
    // Names that older versions of diffusers gave to the parts of attention.
    private static readonly (string Old, string New)[] Renamed =
    [
        (".query.", ".to_q."),
        (".key.", ".to_k."),
        (".value.", ".to_v."),
        (".proj_attn.", ".to_out.0."),
    ];

    private readonly List<IWeights> _files = [];
    private readonly Dictionary<string, (IWeights File, TensorRule Rule)> _tensors = [];
    private readonly Dictionary<string, IReadOnlyList<long>> _shapes = [];

    public DiffusersWeights(string path) => Path = path;

    public string Path { get; }

    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes => _shapes;

    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>The names of a file as today's diffusers has them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<long>> ShapesOf(IWeights file) =>
        file.Shapes.ToDictionary(t => Current(t.Key), t => t.Value);

    /// <summary>Adds a component's file, now owned.</summary>
    /// <param name="file">The file.</param>
    /// <param name="rules">Its rules; those for tensors that it does not have are passed over.</param>
    /// <param name="prefix">What is put before the names of tensors without a rule.</param>
    public void Add(IWeights file, IReadOnlyList<TensorRule> rules, string prefix)
    {
        _files.Add(file);
        var actual = file.Shapes.Keys.ToDictionary(Current);
        HashSet<string> left = [.. actual.Keys];
        foreach (var rule in rules.Where(rule => rule.Theirs.All(actual.ContainsKey)))
        {
            left.ExceptWith(rule.Theirs);
            Put(rule with { Theirs = [.. rule.Theirs.Select(name => actual[name])] });
        }

        foreach (var name in left)
        {
            Put(new TensorRule(prefix + name, actual[name]));
        }

        void Put(TensorRule rule)
        {
            if (!_tensors.TryAdd(rule.Ours, (file, rule)))
            {
                throw new CheckpointFormatException($"{file.Path}: two tensors stand for {rule.Ours}.");
            }

            _shapes[rule.Ours] = rule.OurShape(file.Shapes[rule.Theirs[0]]);
        }
    }

    public ScalarType? TypeOf(string name)
    {
        var (file, rule) = Find(name);
        return file.TypeOf(rule.Theirs[0]);
    }

    public Tensor Read(string name)
    {
        var (file, rule) = Find(name);
        using var scope = NewDisposeScope();
        return rule.ToOurs([.. rule.Theirs.Select(file.Read)]).contiguous().MoveToOuterDisposeScope();
    }

    public void ReadInto(string name, Tensor target)
    {
        var (file, rule) = Find(name);
        if (rule.Theirs.Count == 1 && file.Shapes[rule.Theirs[0]].SequenceEqual(target.shape))
        {
            file.ReadInto(rule.Theirs[0], target);
            return;
        }

        TargetTensor.RequireShape(Path, name, _shapes[name], target);
        using var source = Read(name);
        TargetTensor.Fill(target, source, Path, name, source.dtype.ToString());
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static string Current(string name) =>
        Renamed.Aggregate(name, (current, pair) => current.Replace(pair.Old, pair.New, StringComparison.Ordinal));

    private (IWeights File, TensorRule Rule) Find(string name) =>
        _tensors.TryGetValue(name, out var found)
            ? found
            : throw new UserInputException($"{Path}: there is no tensor for {name}.");
}
