using System.Collections.Frozen;
using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Torch.Pickles;

/// <summary>A class or function that means something here. There are no others: the rest become stubs.</summary>
internal sealed class KnownGlobal
{
    private static readonly FrozenDictionary<string, KnownGlobal> All = new KnownGlobal[]
    {
        new("collections.OrderedDict", GlobalKind.OrderedDict),
        new("torch.Size", GlobalKind.Size),
        new("torch._utils._rebuild_tensor", GlobalKind.Tensor),
        new("torch._utils._rebuild_tensor_v2", GlobalKind.Tensor),
        new("torch._utils._rebuild_parameter", GlobalKind.Parameter),
        // The oldest files of torchvision have parameters in their state dicts.
        new("torch.nn.parameter.Parameter", GlobalKind.Parameter),
        new("__builtin__.set", GlobalKind.Set),
        new("builtins.set", GlobalKind.Set),
        new("torch.FloatStorage", GlobalKind.Storage, ScalarType.Float32),
        new("torch.DoubleStorage", GlobalKind.Storage, ScalarType.Float64),
        new("torch.HalfStorage", GlobalKind.Storage, ScalarType.Float16),
        new("torch.BFloat16Storage", GlobalKind.Storage, ScalarType.BFloat16),
        new("torch.LongStorage", GlobalKind.Storage, ScalarType.Int64),
        new("torch.IntStorage", GlobalKind.Storage, ScalarType.Int32),
        new("torch.ShortStorage", GlobalKind.Storage, ScalarType.Int16),
        new("torch.CharStorage", GlobalKind.Storage, ScalarType.Int8),
        new("torch.ByteStorage", GlobalKind.Storage, ScalarType.Byte),
        new("torch.BoolStorage", GlobalKind.Storage, ScalarType.Bool),
    }.ToFrozenDictionary(g => g.Name);

    private KnownGlobal(string name, GlobalKind kind, ScalarType dtype = default)
    {
        Name = name;
        Kind = kind;
        Dtype = dtype;
    }

    /// <summary>Module and name, joined by a dot.</summary>
    public string Name { get; }

    public GlobalKind Kind { get; }

    /// <summary>The elements of a <see cref="GlobalKind.Storage"/>.</summary>
    public ScalarType Dtype { get; }

    public static KnownGlobal? Find(string name) => All.GetValueOrDefault(name);
}

/// <summary>What calling a <see cref="KnownGlobal"/> gives.</summary>
internal enum GlobalKind
{
    OrderedDict,
    Set,
    Size,
    Tensor,
    Parameter,

    /// <summary>Only named, never called.</summary>
    Storage,
}
