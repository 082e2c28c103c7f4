using BenchmarkDotNet.Attributes;
using LatentDiffusion.Kernels;
using LatentDiffusion.Training.Optimization;
using static TorchSharp.torch;

namespace LatentDiffusion.Bench;

/// <summary>The optimiser's pass over 24 million parameters.</summary>
public class OptimizerBenchmarks : IDisposable
{
    private readonly List<(string Name, Tensor Parameter)> _parameters =
    [
        .. Enumerable.Range(0, 24).Select(i => ($"p{i}", randn([1000, 1000], requires_grad: true))),
    ];

    private AdamW? _optimizer;
    private IDisposable? _choice;

    /// <summary>Which code computes.</summary>
    [ParamsSource(nameof(AllKernels))]
    public KernelKind Kernels { get; set; }

    public static IEnumerable<KernelKind> AllKernels => OperatorBenchmarks.AllKernels;

    [GlobalSetup]
    public void Prepare()
    {
        _choice = KernelChoice.Use(Kernels);
        _optimizer = new AdamW(_parameters, new OptimizerConfig { LearningRate = 1e-6 });
        foreach (var (_, parameter) in _parameters)
        {
            parameter.grad = rand_like(parameter);
        }
    }

    [Benchmark]
    public void AdamWStep() => _optimizer!.Step();

    [GlobalCleanup]
    public void Dispose()
    {
        _optimizer?.Dispose();
        _choice?.Dispose();
        _parameters.ForEach(p => p.Parameter.Dispose());
        GC.SuppressFinalize(this);
    }
}
