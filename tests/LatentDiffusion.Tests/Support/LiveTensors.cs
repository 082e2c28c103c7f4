using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Support;

/// <summary>Counts tensors that were made and not disposed. Only meaningful in <see cref="ProcessWideState"/>.</summary>
internal static class LiveTensors
{
    /// <summary>Asserts that <paramref name="action"/> leaves as many live tensors as it found.</summary>
    public static void Unchanged(Action action)
    {
        // Tensors that earlier tests left to their finalisers must not be counted as freed by this one.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = torch.Tensor.TotalCount;
        action();
        Assert.Equal(before, torch.Tensor.TotalCount);
    }
}
