using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Models.Loras;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Models.Loras;

public sealed class LoraMergeTests : IDisposable
{
    private const string Query = "input_blocks.3.1.transformer_blocks.0.attn1.to_q.weight";
    private const string Convolution = "input_blocks.1.0.in_layers.2.weight";
    private const string TextQuery = "transformer.text_model.encoder.layers.0.self_attn.q_proj.weight";

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly LatentDiffusionModel _model = new(SmallModels.Config("clip"));

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight",
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q.lora_up.weight"
    )]
    [InlineData(
        "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q.lora_down.weight",
        "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q.lora_up.weight"
    )]
    [InlineData(
        "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight",
        "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight"
    )]
    [InlineData(
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.down.weight",
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.up.weight"
    )]
    [InlineData(
        "base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.default.weight",
        "base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.default.weight"
    )]
    public void Names_of_every_kind_reach_the_weight(string down, string up)
    {
        var (a, b) = (randn(2, 64), randn(64, 2));
        var before = Weights()[Query].clone();
        Write(("x.safetensors", [(down, a), (up, b)]));

        LoraMerge.Add(new LoraFile(_folder["x.safetensors"], 0.5), _model);

        TensorAssert.Close(Weights()[Query], before.add(b.mm(a).mul(0.5)), 1e-6);
    }

    [Fact]
    public void Alpha_is_divided_by_the_rank_and_convolutions_and_text_are_changed()
    {
        var (a, b) = (randn(4, 32, 3, 3), randn(32, 4, 1, 1));
        var (c, d) = (randn(2, 64), randn(64, 2).to(float16));
        var (convolution, text) = (Weights()[Convolution].clone(), TextWeight().clone());
        Write(
            (
                "x.safetensors",
                [
                    ("lora_unet_down_blocks_0_resnets_0_conv1.lora_down.weight", a),
                    ("lora_unet_down_blocks_0_resnets_0_conv1.lora_up.weight", b),
                    ("lora_unet_down_blocks_0_resnets_0_conv1.alpha", tensor(1f)),
                    ("lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight", c),
                    ("lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_up.weight", d),
                    ("lora_te_text_model_encoder_layers_0_self_attn_q_proj.alpha", tensor(2f)),
                ]
            )
        );

        LoraMerge.Add(new LoraFile(_folder["x.safetensors"]), _model);

        var change = b.reshape(32, 4).mm(a.reshape(4, -1)).reshape(32, 32, 3, 3).mul(0.25);
        TensorAssert.Close(Weights()[Convolution], convolution.add(change), 1e-6);
        TensorAssert.Close(TextWeight(), text.add(d.to(float32).mm(c)), 1e-6);
    }

    [Fact]
    public void Changes_of_another_model_are_refused_and_nothing_is_changed()
    {
        var before = Weights()[Query].clone();
        Write(
            (
                "stranger.safetensors",
                [("lora_unet_nowhere.lora_down.weight", ones(1, 4)), ("lora_unet_nowhere.lora_up.weight", ones(4, 1))]
            ),
            (
                "shape.safetensors",
                [
                    ("lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q.lora_down.weight", ones(1, 4)),
                    ("lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q.lora_up.weight", ones(64, 1)),
                ]
            ),
            ("half.safetensors", [("lora_unet_nowhere.lora_down.weight", ones(1, 4))]),
            ("other.safetensors", [("weight", ones(1))])
        );

        Refused("stranger.safetensors", "no place in this model");
        Refused("shape.safetensors", "another shape");
        Refused("half.safetensors", "no plain low-rank changes");
        Refused("other.safetensors", "no plain low-rank changes");
        TensorAssert.Equal(Weights()[Query], before);
    }

    private void Refused(string file, string why) =>
        Assert.Contains(
            why,
            Assert.Throws<UserInputException>(() => LoraMerge.Add(new LoraFile(_folder[file]), _model)).Message,
            StringComparison.Ordinal
        );

    private Dictionary<string, Tensor> Weights() =>
        _model.Unet.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);

    private Parameter TextWeight() =>
        _model.Conditioner!.Network!.named_parameters().Single(p => p.name == TextQuery).parameter;

    private void Write(params (string File, (string Name, Tensor Value)[] Tensors)[] files)
    {
        foreach (var (file, tensors) in files)
        {
            SafetensorsWriter.Write(_folder[file], tensors.ToDictionary(t => t.Name, t => t.Value));
        }
    }
}
