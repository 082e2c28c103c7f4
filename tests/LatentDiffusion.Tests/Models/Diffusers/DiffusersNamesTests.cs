using LatentDiffusion.Models.Detection;
using LatentDiffusion.Models.Diffusers;
using LatentDiffusion.Models.Foreign;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Models.Diffusers;

/// <summary>Every tensor of every published checkpoint has its name in diffusers, and the way back.</summary>
public sealed class DiffusersNamesTests
{
    public static TheoryData<string> Lists => [.. KeyList.Names()];

    [Theory]
    [MemberData(nameof(Lists))]
    public void Names_and_shapes_go_there_and_back(string list)
    {
        using var weights = ShapesOnly.Published(list);
        var model = DetectedDescription.Of(weights);
        using var back = new DiffusersWeights("back");
        foreach (var (rules, prefix) in RulesOf(model))
        {
            var theirs = rules
                .Where(rule => weights.Shapes.ContainsKey(rule.Ours))
                .SelectMany(rule => rule.Theirs.Select(name => (name, rule.TheirShape(weights.Shapes[rule.Ours]))))
                .ToDictionary(t => t.name, t => t.Item2);
            Assert.NotEmpty(theirs);
            var again =
                prefix == "model.diffusion_model." ? UnetRules.Of(UnetLayout.Of(new TensorShapes(theirs))!) : rules;
            back.Add(new ShapesOnly(theirs), again, prefix);
        }

        Assert.Equal(Describe(weights.Shapes), Describe(back.Shapes));
    }

    private static IEnumerable<(IReadOnlyList<TensorRule> Rules, string Prefix)> RulesOf(ForeignDescription model)
    {
        if (model.Unet is { } unet)
        {
            yield return (UnetRules.Of(UnetLayout.Of(unet)), "model.diffusion_model.");
        }

        var network = (model.FirstStage as KlConfig)?.Network ?? ((VqConfig)model.FirstStage!).Network;
        var prefix = model.Unet is null ? "" : "first_stage_model.";
        yield return (FirstStageRules.Of(network.ChannelMult.Count, network.NumResBlocks, prefix), prefix);
        switch (model.Conditioner)
        {
            case ConditionerShape.Tokens tokens:
                yield return (ConditionerRules.Tokens(tokens.Depth), "cond_stage_model.");
                break;
            case ConditionerShape.Classes:
                yield return (ConditionerRules.Same(["embedding.weight"], "cond_stage_model."), "cond_stage_model.");
                break;
            case ConditionerShape.Map:
                yield return (
                    ConditionerRules.Same(["channel_mapper.weight"], "cond_stage_model."),
                    "cond_stage_model."
                );
                break;
        }
    }

    private static IEnumerable<string> Describe(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) =>
        shapes.Select(s => $"{s.Key} [{string.Join(", ", s.Value)}]").Order(StringComparer.Ordinal);
}
