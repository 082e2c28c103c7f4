using System.Runtime;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Support;

/// <summary>Counts tensors that were made and not disposed. Only meaningful in <see cref="ProcessWideState"/>.</summary>
internal static class LiveTensors
{
    /// <summary>Asserts that <paramref name="action"/> leaves as many live tensors as it found.</summary>
    public static void Unchanged(Action action)
    {
        CollectGarbage();
        var before = torch.Tensor.TotalCount;
        action();
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    /// <summary>Asserts that <paramref name="action"/> leaves no tensor for the garbage collector to free.</summary>
    /// <remarks>
    /// For what builds modules: TorchSharp counts each of their parameters twice and takes back only one, so that the count
    /// itself grows although the memory is free.
    /// </remarks>
    public static void NoneLeftToFinalizers(Action action)
    {
        CollectGarbage();
        action();
        var after = torch.Tensor.TotalCount;
        CollectGarbage();
        Assert.Equal(after, torch.Tensor.TotalCount);
    }

    /// <summary>Runs something short while the garbage collector frees nothing.</summary>
    public static void WithoutCollection(Action action)
    {
        const long MostAllocated = 200 << 20;
        CollectGarbage();
        Assert.True(GC.TryStartNoGCRegion(MostAllocated));
        try
        {
            action();
        }
        finally
        {
            // It has ended by itself when more was allocated.
            if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
            {
                GC.EndNoGCRegion();
            }
        }
    }

    /// <summary>
    /// Frees what earlier tests left to the garbage collector, so that it is not freed in mid-measurement. Refuses to where
    /// other tests may run beside.
    /// </summary>
    public static void CollectGarbage()
    {
        Assert.Equal(nameof(ProcessWideState), TestContext.Current.TestCollection?.TestCollectionDisplayName);
        // A finaliser may drop the last reference to another tensor: a graph goes layer by layer.
        long before;
        do
        {
            before = torch.Tensor.TotalCount;
            for (var i = 0; i < 2; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        } while (torch.Tensor.TotalCount != before);
    }
}
