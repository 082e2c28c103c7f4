namespace LatentDiffusion.Models.Diffusers;

/// <summary>Collects rules for the weights and biases of modules.</summary>
/// <param name="ourPrefix">What our names begin with.</param>
internal sealed class RuleList(string ourPrefix)
{
    private readonly List<TensorRule> _rules = [];

    public IReadOnlyList<TensorRule> Rules => _rules;

    /// <summary>A module with weight and bias.</summary>
    public void Module(string ours, string theirs, int ourAxes = 0, int theirAxes = 0)
    {
        _rules.Add(
            new TensorRule($"{ourPrefix}{ours}.weight", $"{theirs}.weight") { OurAxes = ourAxes, TheirAxes = theirAxes }
        );
        _rules.Add(new TensorRule($"{ourPrefix}{ours}.bias", $"{theirs}.bias"));
    }

    /// <summary>Several modules below a common one.</summary>
    public void Modules(string ours, string theirs, params ReadOnlySpan<(string Ours, string Theirs)> names)
    {
        foreach (var (our, their) in names)
        {
            Module($"{ours}.{our}", $"{theirs}.{their}");
        }
    }

    /// <summary>A tensor that has its own name.</summary>
    public void Tensor(string ours, string theirs) => _rules.Add(new TensorRule($"{ourPrefix}{ours}", theirs));

    /// <summary>Query, key and value in one, interleaved by heads.</summary>
    public void JoinedAttention(string ours, string theirs, int heads)
    {
        Module($"{ours}.norm", $"{theirs}.group_norm");
        foreach (var (kind, ourAxes, theirAxes) in new[] { ("weight", 3, 2), ("bias", 1, 1) })
        {
            _rules.Add(
                new TensorRule(
                    $"{ourPrefix}{ours}.qkv.{kind}",
                    $"{theirs}.to_q.{kind}",
                    $"{theirs}.to_k.{kind}",
                    $"{theirs}.to_v.{kind}"
                )
                {
                    OurAxes = ourAxes,
                    TheirAxes = theirAxes,
                    Heads = heads,
                }
            );
        }

        Module($"{ours}.proj_out", $"{theirs}.to_out.0", ourAxes: 3, theirAxes: 2);
    }
}
