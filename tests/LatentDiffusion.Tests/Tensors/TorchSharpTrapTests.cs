using TorchSharp;
using TorchSharp.Modules;
using Xunit;

namespace LatentDiffusion.Tests.Tensors;

/// <summary>Facts of TorchSharp that differ from PyTorch; when one of these fails, our code around it can go.</summary>
public sealed class TorchSharpTrapTests
{
    [Fact]
    public void AdamW_has_no_weight_decay_by_default()
    {
        using var scope = torch.NewDisposeScope();
        var weight = new Parameter(torch.ones(4));
        using var optimizer = torch.optim.AdamW([weight], lr: 0.1);
        (weight * 0).sum().backward();
        optimizer.step();

        // PyTorch's default of 0.01 would leave 1 - 0.1 * 0.01.
        Assert.Equal([1f, 1f, 1f, 1f], weight.data<float>().ToArray());
    }
}
