using LatentDiffusion.Checkpoints;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Support;

/// <summary>Weights with names and shapes but no data, so that the largest checkpoints take no memory.</summary>
internal sealed class ShapesOnly(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) : IWeights
{
    public string Path => "shapes";

    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes => shapes;

    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>A published list.</summary>
    public static ShapesOnly Published(string list) => Of(KeyList.Read(list));

    public static ShapesOnly Of(IReadOnlyDictionary<string, long[]> list) =>
        new(list.ToDictionary(t => t.Key, t => (IReadOnlyList<long>)t.Value));

    public ScalarType? TypeOf(string name) => ScalarType.Float32;

    public Tensor Read(string name) => throw new InvalidOperationException("There is no data.");

    public void ReadInto(string name, Tensor target) => throw new InvalidOperationException("There is no data.");

    public void Dispose() { }
}
