using LatentDiffusion.Diffusion;
using LatentDiffusion.Diffusion.Conditioning;
using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Text;
using LatentDiffusion.Text;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Diffusion.Conditioning;

[Collection(nameof(ProcessWideState))]
public sealed class ConditionerTests : IDisposable
{
    private static readonly ConditionInput RedDark = new() { ClassId = 1, Prompt = Prompt.Plain("a red disc") };

    private readonly TemporaryFolder _folder = new();

    private TextTransformerConfig Text =>
        new()
        {
            Tokenizer = SmallVocabulary.Write(_folder["vocab.txt"]),
            EmbedDim = 8,
            Depth = 1,
            MaxLength = 6,
            DropProbability = 0.5,
        };

    private HybridConfig Hybrid =>
        new()
        {
            Parts = [new ClassLabelConfig { DropProbability = 0.25 }, Text, new ClassTokenConfig { EmbedDim = 8 }],
        };

    [Fact]
    public void Text_becomes_a_context_of_fixed_length_and_the_null_condition_is_the_empty_prompt()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var conditioner = Conditioners.Create(Text, classes: 0);

        var condition = conditioner.Encode([
            RedDark,
            ConditionInput.None,
            new ConditionInput { Prompt = Prompt.Empty },
            RedDark with
            {
                ClassId = null,
            },
        ]);

        Assert.Equal([4, 6, 8], condition.Context!.shape);
        Assert.Null(condition.Labels);
        TensorAssert.Equal(condition.Context[1], condition.Context[2]);
        TensorAssert.Equal(condition.Context[0], condition.Context[3]);
        Assert.NotEqual(TensorAssert.Values(condition.Context[0]), TensorAssert.Values(condition.Context[1]));
    }

    [Fact]
    public void Weights_of_a_prompt_reach_the_context_and_its_lost_end_is_told()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var conditioner = FilledText();
        var plain = conditioner.Encode([RedDark]).Context!;

        var weighted = conditioner.Encode([RedDark with { Prompt = Prompt.Parse("a (red:1.5) disc") }]).Context!;

        TensorAssert.Close(
            weighted,
            TokenWeights.Apply(
                plain,
                [
                    [1, 1, 1.5, 1, 1, 1],
                ]
            ),
            1e-6
        );
        Assert.Null(conditioner.CutFrom(RedDark));
        Assert.Equal("disc", conditioner.CutFrom(RedDark with { Prompt = Prompt.Plain("a red red blue disc") }));
    }

    [Fact]
    public void A_hybrid_joins_tokens_and_labels_of_its_parts()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var conditioner = (HybridConditioner)Conditioners.Create(Hybrid, classes: 2);

        var condition = conditioner.Encode([RedDark, ConditionInput.None]);

        Assert.Equal([2, 7, 8], condition.Context!.shape);
        Assert.Equal([1L, 2L], condition.Labels!.data<long>().ToArray());
        TensorAssert.Equal(
            condition.Context.narrow(1, 0, 6),
            conditioner.Parts[1].Encode([RedDark, ConditionInput.None]).Context!
        );
        Assert.Equal([SmallVocabulary.Lines], conditioner.Vocabularies);
        Assert.Contains("1.transformer.token_emb.weight", conditioner.Network!.state_dict().Keys);
        Assert.Contains("2.embedding.weight", conditioner.Network.state_dict().Keys);
    }

    [Fact]
    public void Every_part_is_dropped_by_itself_and_with_its_own_probability()
    {
        using var conditioner = Conditioners.Create(Hybrid with { Parts = [.. Hybrid.Parts.Take(2)] }, classes: 2);
        using var generator = new torch.Generator(7UL, torch.CPU);
        const int Count = 20_000;

        var dropped = conditioner.Drop([.. Enumerable.Repeat(RedDark, Count)], generator);

        var (noClass, noText) = (Share(i => i.ClassId is null), Share(i => i.Prompt is null));
        Assert.Equal(0.25, noClass, 0.015);
        Assert.Equal(0.5, noText, 0.015);
        Assert.Equal(noClass * noText, Share(i => i.IsNone), 0.015);

        double Share(Func<ConditionInput, bool> what) => (double)dropped.Count(what) / Count;
    }

    [Fact]
    public void Channels_join_the_latents_and_conditions_stack_along_the_batch()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var unet = FormulaWeights.Fill(
            new Unet(
                new UnetConfig
                {
                    InChannels = 5,
                    OutChannels = 3,
                    ModelChannels = 32,
                    ChannelMult = [1],
                    NumResBlocks = 1,
                    AttentionResolutions = [],
                    NumHeads = 1,
                }
            )
        );
        var noisy = FormulaInput.X([1, 3, 8, 8]);
        var (first, second) = (FormulaInput.X([1, 1, 8, 8], 0.3), FormulaInput.X([1, 1, 8, 8], 0.7));
        var timesteps = torch.tensor([5L]);

        var condition = Condition.Combine([new Condition(Channels: first), new Condition(Channels: second)]);

        var direct = unet.Forward(torch.cat([noisy, first, second], 1), timesteps);
        TensorAssert.Equal(condition.Predict(unet, noisy, timesteps), direct);
        Assert.Equal([2, 2, 8, 8], Condition.Concatenate(condition, condition).Channels!.shape);
        Assert.Throws<ArgumentException>(() => Condition.Concatenate(condition, Condition.None));
        var labels = new Condition(Labels: timesteps);
        Assert.Throws<ArgumentException>(() => Condition.Combine([labels, labels]));
    }

    [Fact]
    public void Encoding_and_dropping_leave_no_tensor_behind()
    {
        using var noGradient = torch.no_grad();
        using var conditioner = Conditioners.Create(Hybrid, classes: 2);
        using var generator = new torch.Generator(7UL, torch.CPU);
        ConditionInput[] inputs = [RedDark, RedDark with { Prompt = Prompt.Parse("a (red:2)") }];

        LiveTensors.Unchanged(() =>
        {
            using var scope = torch.NewDisposeScope();
            conditioner.Encode(conditioner.Drop(inputs, generator));
        });
    }

    public void Dispose() => _folder.Dispose();

    private Conditioner FilledText()
    {
        var conditioner = Conditioners.Create(Text, classes: 0);
        FormulaWeights.Fill(conditioner.Network!);
        return conditioner;
    }
}
