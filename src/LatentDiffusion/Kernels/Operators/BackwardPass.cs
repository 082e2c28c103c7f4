using static TorchSharp.torch;

namespace LatentDiffusion.Kernels.Operators;

/// <summary>The backward method of an autograd function of our own, without what it would leave behind.</summary>
/// <remarks>
/// TorchSharp passes gradients in and out through wrappers that belong to the dispose scope of the training step, so that
/// every gradient of every layer would live until the step ends. Here the wrapper of what came in ends with the method, and
/// those of what went out when the next method runs: autograd has taken its own references by then.
/// </remarks>
internal static class BackwardPass
{
    [ThreadStatic]
    private static List<Tensor>? _handedOver;

    /// <summary>Computes gradients and hands them over.</summary>
    /// <param name="gradient">Of the function's result.</param>
    /// <param name="compute">Gives the gradient of each input, or null for none.</param>
    public static List<Tensor> Run(Tensor gradient, Func<Tensor?[]> compute)
    {
        Release();
        Tensor?[] results;
        using (NewDisposeScope())
        {
            results = compute();
            foreach (var result in results)
            {
                result?.MoveToOuterDisposeScope();
            }
        }

        if (!results.Contains(gradient))
        {
            gradient.Dispose();
        }

        // A function that ran inside has left its own behind.
        Release();
        _handedOver = [.. results.OfType<Tensor>()];
        return [.. results.Select(r => r!)];
    }

    private static void Release()
    {
        _handedOver?.ForEach(t => t.Dispose());
        _handedOver = null;
    }
}
