using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;
using LatentDiffusion.Models.Diffusers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Loras;

/// <summary>Adds low-rank changes (LoRA, Hu et al. 2021) to a model's weights.</summary>
public static class LoraMerge
{
    private const int NamesShown = 3;

    /// <summary>Adds weight * alpha / rank * up * down to every weight that a file changes.</summary>
    /// <param name="lora">The file, and how much of it to add.</param>
    /// <param name="model">The model; changed only if all changes have a place in it.</param>
    /// <exception cref="UserInputException">The file is none, or was made for another model.</exception>
    public static void Add(LoraFile lora, LatentDiffusionModel model)
    {
        ArgumentNullException.ThrowIfNull(lora);
        ArgumentNullException.ThrowIfNull(model);
        using var file = WeightsFile.Open(lora.Path);
        var targets = new LoraTargets(model);
        var changes = LoraChanges
            .Of(file)
            .Modules.Select(c => (c.Module, c.Down, c.Up, Place: targets.Find(c.Module)))
            .ToList();
        Refuse(lora, "no place in this model", [.. changes.Where(c => c.Place is null).Select(c => c.Module)]);
        Refuse(
            lora,
            "another shape than the weights they change",
            [.. changes.Where(c => !Fits(file, c.Down, c.Up, c.Place!.Value)).Select(c => c.Module)]
        );
        using var noGradient = no_grad();
        foreach (var (module, down, up, place) in changes)
        {
            using var scope = NewDisposeScope();
            var rank = file.Shapes[down][0];
            var alpha = Alpha(file, module) ?? rank;
            var change = Product(file, down, up).mul(Scalars.Of(lora.Weight * alpha / rank));
            var (target, rule, part) = place!.Value;
            target.PlusInPlace(InPlace(change, target, rule, part));
        }
    }

    private static Tensor InPlace(Tensor change, Tensor target, TensorRule rule, int part)
    {
        if (rule.Theirs.Count == 1)
        {
            return change.reshape(target.shape).to(target.dtype);
        }

        var shape = rule.TheirShape(target.shape).ToArray();
        var parts = rule.Theirs.Select((_, i) => i == part ? change.reshape(shape) : zeros(shape)).ToArray();
        return rule.ToOurs(parts).to(target.dtype);
    }

    private static Tensor Product(IWeights file, string down, string up)
    {
        var first = file.Read(down).to(float32);
        var second = file.Read(up).to(float32);
        return second.reshape(second.shape[0], -1).mm(first.reshape(first.shape[0], -1));
    }

    private static bool Fits(IWeights file, string down, string up, (Tensor Target, TensorRule Rule, int Part) place)
    {
        var (first, second) = (file.Shapes[down], file.Shapes[up]);
        var shape = place.Rule.TheirShape(place.Target.shape);
        return first.Count >= 2
            && second.Count >= 2
            && first[0] > 0
            && second.Skip(1).Aggregate(1L, (product, size) => product * size) == first[0]
            && second[0] == shape[0]
            && first.Skip(1).Aggregate(1L, (p, size) => p * size) == shape.Skip(1).Aggregate(1L, (p, size) => p * size);
    }

    private static double? Alpha(IWeights file, string module)
    {
        var name = module + ".alpha";
        if (!file.Shapes.TryGetValue(name, out var shape) || shape.Aggregate(1L, (p, size) => p * size) != 1)
        {
            return null;
        }

        using var alpha = file.Read(name).to(float64);
        return alpha.item<double>();
    }

    private static void Refuse(LoraFile lora, string why, IReadOnlyList<string> modules)
    {
        if (modules.Count > 0)
        {
            throw new UserInputException(
                $"{lora.Path}: the changes of {modules.Count} modules have {why} "
                    + $"({string.Join(", ", modules.Take(NamesShown))}{(modules.Count > NamesShown ? ", ..." : "")}). "
                    + "Use a LoRA that was made for this kind of model."
            );
        }
    }
}
