using LatentDiffusion.Networks.Conditioners;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Networks;

[Collection(nameof(ProcessWideState))]
public sealed class ClipTextTransformerTests
{
    private const int Heads = 2;

    [Fact]
    public void Names_shapes_and_size_are_those_of_stable_diffusion()
    {
        using var network = MetaDevice.Build(() => new ClipTextTransformer(49408, 77, 768, 12, 12));
        var expected = new Dictionary<string, long[]>
        {
            ["embeddings.token_embedding.weight"] = [49408, 768],
            ["embeddings.position_embedding.weight"] = [77, 768],
            ["final_layer_norm.weight"] = [768],
            ["final_layer_norm.bias"] = [768],
        };
        for (var i = 0; i < 12; i++)
        {
            foreach (var projection in new[] { "q_proj", "k_proj", "v_proj", "out_proj" })
            {
                expected[$"encoder.layers.{i}.self_attn.{projection}.weight"] = [768, 768];
                expected[$"encoder.layers.{i}.self_attn.{projection}.bias"] = [768];
            }

            foreach (var norm in new[] { "layer_norm1", "layer_norm2" })
            {
                expected[$"encoder.layers.{i}.{norm}.weight"] = [768];
                expected[$"encoder.layers.{i}.{norm}.bias"] = [768];
            }

            expected[$"encoder.layers.{i}.mlp.fc1.weight"] = [3072, 768];
            expected[$"encoder.layers.{i}.mlp.fc1.bias"] = [3072];
            expected[$"encoder.layers.{i}.mlp.fc2.weight"] = [768, 3072];
            expected[$"encoder.layers.{i}.mlp.fc2.bias"] = [768];
        }

        KeyList.Matches(expected.ToDictionary(e => "transformer.text_model." + e.Key, e => e.Value), network);
        Assert.Equal(123_060_480, network.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void Tokens_equal_those_of_the_formulas_written_out()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var network = FormulaWeights.Fill(new ClipTextTransformer(20, 6, 16, 2, Heads));
        var tokens = tensor([3L, 1, 4, 1, 5, 9, 2, 6], [2, 4]);

        TensorAssert.Close(network.Forward(tokens), WrittenOut(network, tokens), 1e-5);
    }

    [Fact]
    public void A_token_depends_on_earlier_ones_alone()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var network = FormulaWeights.Fill(new ClipTextTransformer(20, 6, 16, 2, Heads));

        var one = network.Forward(tensor([3L, 1, 4, 7], [1, 4]));
        var other = network.Forward(tensor([3L, 1, 9, 7], [1, 4]));

        TensorAssert.Close(one.narrow(1, 0, 2), other.narrow(1, 0, 2), 1e-6);
        Assert.True(one.narrow(1, 2, 2).sub(other.narrow(1, 2, 2)).abs().amin().item<float>() > 0);
    }

    [Fact]
    public void Heads_must_divide_the_width() =>
        Assert.Throws<ArgumentException>(() => new ClipTextTransformer(20, 6, 16, 1, 3));

    private static Tensor WrittenOut(ClipTextTransformer network, Tensor tokens)
    {
        var weights = network.state_dict().ToDictionary(e => e.Key["transformer.text_model.".Length..], e => e.Value);
        var length = tokens.shape[1];
        var x = weights["embeddings.token_embedding.weight"]
            [tokens]
            .add(weights["embeddings.position_embedding.weight"].narrow(0, 0, length));
        var future = full([length, length], float.NegativeInfinity).triu(1);
        for (var i = 0; i < 2; i++)
        {
            var layer = $"encoder.layers.{i}.";
            var n = Norm(x, layer + "layer_norm1");
            var (q, k, v) = (Split("q"), Split("k"), Split("v"));
            var scores = q.mul(1 / Math.Sqrt(8)).unsqueeze(-2).mul(k.unsqueeze(-3)).sum(-1).add(future).softmax(-1);
            var mixed = scores.unsqueeze(-1).mul(v.unsqueeze(-3)).sum(-2);
            x = x.add(Linear(mixed.transpose(1, 2).reshape(2, length, 16), layer + "self_attn.out_proj"));
            var wide = Linear(Norm(x, layer + "layer_norm2"), layer + "mlp.fc1");
            x = x.add(Linear(wide.mul(wide.mul(1.702).sigmoid()), layer + "mlp.fc2"));

            Tensor Split(string name) =>
                Linear(n, $"{layer}self_attn.{name}_proj").reshape(2, length, Heads, 8).transpose(1, 2);
        }

        return Norm(x, "final_layer_norm");

        Tensor Linear(Tensor input, string name) =>
            nn.functional.linear(input, weights[name + ".weight"], weights[name + ".bias"]);

        Tensor Norm(Tensor input, string name) =>
            nn.functional.layer_norm(input, [16], weights[name + ".weight"], weights[name + ".bias"]);
    }
}
