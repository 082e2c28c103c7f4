using LatentDiffusion.Kernels;
using Xunit;

namespace LatentDiffusion.Tests.Kernels;

/// <summary>The register widths of the processor that the tests run on.</summary>
internal static class KernelKinds
{
    public static TheoryData<KernelKind> Supported => [.. WithPlain.Where(kind => kind != KernelKind.Plain)];

    public static IReadOnlyList<KernelKind> WithPlain =>
        [.. Enum.GetValues<KernelKind>().Where(kind => kind <= KernelChoice.Best)];

    /// <summary>Runs <paramref name="work"/> with a number of libtorch threads.</summary>
    public static void WithThreads(int threads, Action work) =>
        WithThreads<object?>(
            threads,
            () =>
            {
                work();
                return null;
            }
        );

    /// <summary>Runs <paramref name="work"/> with a number of libtorch threads.</summary>
    public static T WithThreads<T>(int threads, Func<T> work)
    {
        var before = TorchSharp.torch.get_num_threads();
        TorchSharp.torch.set_num_threads(threads);
        try
        {
            return work();
        }
        finally
        {
            TorchSharp.torch.set_num_threads(before);
        }
    }
}
