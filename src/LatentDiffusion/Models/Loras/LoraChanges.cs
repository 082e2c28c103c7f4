using System.Text.RegularExpressions;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Models.Loras;

/// <summary>The low-rank changes in a file: per module the names of its two matrices and of its scale.</summary>
internal sealed partial class LoraChanges
{
    private readonly Dictionary<string, (string? Down, string? Up)> _matrices = [];

    private LoraChanges(IWeights file)
    {
        List<string> strange = [];
        foreach (var name in file.Shapes.Keys)
        {
            if (Processor().Match(name) is { Success: true } old)
            {
                var part = old.Groups[2].Value == "to_out" ? "to_out.0" : old.Groups[2].Value;
                Add($"{old.Groups[1].Value}.{part}", old.Groups[3].Value, name);
            }
            else if (Matrix().Match(name) is { Success: true } match)
            {
                Add(match.Groups[1].Value, match.Groups[2].Value, name);
            }
            else if (!name.EndsWith(".alpha", StringComparison.Ordinal))
            {
                strange.Add(name);
            }
        }

        if (strange.Count > 0 || _matrices.Values.Any(m => m.Down is null || m.Up is null) || _matrices.Count == 0)
        {
            throw new UserInputException(
                $"{file.Path} holds no plain low-rank changes (LoRA)"
                    + (strange.Count > 0 ? $": {strange.Count} other tensors such as {strange[0]}" : "")
                    + ". Give a LoRA of kohya's or diffusers' format."
            );
        }
    }

    /// <summary>The modules, each with the names of the matrices that its change is the product of.</summary>
    public IEnumerable<(string Module, string Down, string Up)> Modules =>
        _matrices.Select(m => (m.Key, m.Value.Down!, m.Value.Up!));

    /// <exception cref="UserInputException">The file holds something else.</exception>
    public static LoraChanges Of(IWeights file) => new(file);

    private void Add(string module, string side, string name)
    {
        var (down, up) = _matrices.GetValueOrDefault(module);
        _matrices[module] =
            side.EndsWith('A') || side.EndsWith("down", StringComparison.Ordinal) ? (name, up) : (down, name);
    }

    [GeneratedRegex(
        @"^(.+)\.(lora_down|lora_up|lora_A|lora_B|lora\.down|lora\.up|lora_linear_layer\.down|lora_linear_layer\.up)(?:\.default)?\.weight$"
    )]
    private static partial Regex Matrix();

    [GeneratedRegex(@"^(.+)\.processor\.(to_q|to_k|to_v|to_out)_lora\.(down|up)\.weight$")]
    private static partial Regex Processor();
}
