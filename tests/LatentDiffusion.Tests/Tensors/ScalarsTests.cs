using System.Runtime.CompilerServices;
using LatentDiffusion.Tensors;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Tensors;

public class ScalarsTests
{
    [Fact]
    public void ACollectionLeavesTheLatestScalarsAlive()
    {
        var scalar = WeakScalar();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(scalar.IsAlive);
    }

    [Fact]
    public void OlderScalarsAreLetGo()
    {
        var scalar = WeakScalar();
        for (var i = 0; i < 1000; i++)
        {
            _ = Scalars.Of(i);
        }

        GC.Collect();
        Assert.False(scalar.IsAlive);
    }

    [Fact]
    public void ScalarsKeepTheirValueAndKind()
    {
        using var scope = NewDisposeScope();
        using var whole = tensor(new long[] { 1 });
        Assert.Equal(int64, whole.add(Scalars.Of(2)).dtype);
        Assert.Equal(float32, whole.add(Scalars.Of(2.0)).dtype);
        Assert.Equal(long.MaxValue, whole.mul(Scalars.Of(long.MaxValue)).item<long>());
        Assert.Equal(1e-300, zeros(1, float64).add(Scalars.Of(1e-300)).item<double>());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference WeakScalar() => new(Scalars.Of(0.5));
}
