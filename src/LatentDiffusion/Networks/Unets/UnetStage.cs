using System.Globalization;
using LatentDiffusion.Networks.Layers;
using LatentDiffusion.Tensors;
using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Unets;

/// <summary>
/// One entry of the UNet's input, middle or output blocks: layers run in order, each given what it takes
/// (the timestep embedding, the context, or nothing).
/// </summary>
internal sealed class UnetStage : ExplicitModule, ICheckpointedBlock
{
    private readonly nn.Module[] _layers;

    public UnetStage(params IEnumerable<nn.Module> layers)
        : base(nameof(UnetStage))
    {
        _layers = [.. layers];
        for (var i = 0; i < _layers.Length; i++)
        {
            register_module(i.ToString(CultureInfo.InvariantCulture), _layers[i]);
        }
    }

    public bool RecomputesActivations { get; set; }

    public Tensor Forward(Tensor x, Tensor embedding, AttentionContext? context) =>
        RecomputesActivations
            ? GradientCheckpointing.Run(
                inputs => Run(inputs[0]!, inputs[1]!, AttentionContext.Once(inputs[2])),
                x,
                embedding,
                context?.Tokens
            )
            : Run(x, embedding, context);

    private Tensor Run(Tensor x, Tensor embedding, AttentionContext? context)
    {
        using var scope = NewDisposeScope();
        var h = x;
        foreach (var layer in _layers)
        {
            h = ReferenceEquals(h, x) ? RunLayer(layer, x) : h.Then(t => RunLayer(layer, t));
        }

        return h.MoveToOuterDisposeScope();

        Tensor RunLayer(nn.Module layer, Tensor input) =>
            layer switch
            {
                ResidualBlock block => block.forward(input, embedding),
                SpatialTransformer transformer => transformer.forward(input, context),
                nn.Module<Tensor, Tensor> plain => plain.forward(input),
                _ => throw new InvalidOperationException($"A UNet stage cannot run a {layer.GetName()}."),
            };
    }
}
