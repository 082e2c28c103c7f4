using Xunit;

namespace LatentDiffusion.Tests;

public class Smoke
{
    [Fact]
    public void Adds() => Assert.Equal(3, TorchSharp.torch.ones(3).sum().item<float>());
}
