using LatentDiffusion.Models.Diffusers;
using LatentDiffusion.Networks.Conditioners;
using static TorchSharp.torch;

namespace LatentDiffusion.Models.Loras;

/// <summary>The weights of a model by the names that files of low-rank changes use.</summary>
internal sealed class LoraTargets
{
    private const string Weight = ".weight";

    // Of the UNet and of the text encoder: kohya's, diffusers', and PEFT's.
    private static readonly (string Prefix, string Side)[] Prefixes =
    [
        ("lora_unet_", "unet"),
        ("lora_te1_", "text"),
        ("lora_te_", "text"),
        ("base_model.model.unet.", "unet"),
        ("unet.", "unet"),
        ("text_encoder.", "text"),
        ("base_model.model.", "unet"),
        ("", "unet"),
    ];

    private readonly Dictionary<string, (Tensor Target, TensorRule Rule, int Part)> _targets = [];

    public LoraTargets(LatentDiffusionModel model)
    {
        var unet = model.UnetParameters().ToDictionary();
        foreach (var rule in UnetRules.Of(UnetLayout.Of(model.Unet.Config)).Where(r => unet.ContainsKey(r.Ours)))
        {
            Add("unet", unet[rule.Ours], rule, ModelTensors.UnetPrefix);
        }

        if (model.Conditioner?.Network is ClipTextTransformer clip)
        {
            foreach (var (name, parameter) in clip.named_parameters())
            {
                Add("text", parameter, new TensorRule(name, name[ClipTextTransformer.Prefix.Length..]), "");
            }
        }
    }

    /// <summary>The weight that a module's change belongs to; null where there is none.</summary>
    public (Tensor Target, TensorRule Rule, int Part)? Find(string module)
    {
        foreach (var (prefix, side) in Prefixes)
        {
            if (
                module.StartsWith(prefix, StringComparison.Ordinal)
                && _targets.TryGetValue($"{side}:{Flat(module[prefix.Length..])}", out var target)
            )
            {
                return target;
            }
        }

        return null;
    }

    private void Add(string side, Tensor parameter, TensorRule rule, string ourPrefix)
    {
        if (!rule.Ours.EndsWith(Weight, StringComparison.Ordinal))
        {
            return;
        }

        foreach (var (part, name) in rule.Theirs.Index())
        {
            _targets[$"{side}:{Flat(name[..^Weight.Length])}"] = (parameter, rule, part);
        }

        if (rule.Theirs.Count == 1)
        {
            _targets.TryAdd($"{side}:{Flat(rule.Ours[ourPrefix.Length..^Weight.Length])}", (parameter, rule, 0));
        }
    }

    // Kohya's names have underscores in the place of dots, so that they cannot be parsed back.
    private static string Flat(string name) => name.Replace('.', '_');
}
