using static TorchSharp.torch;

namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>What the format and libtorch say about each <see cref="SafetensorsDtype"/>.</summary>
internal static class SafetensorsDtypes
{
    // The row of a type is its number in the enumeration.
    private static readonly (string Name, int Bits, ScalarType? Torch)[] Rows =
    [
        ("BOOL", 8, ScalarType.Bool),
        ("F4", 4, null),
        ("F6_E2M3", 6, null),
        ("F6_E3M2", 6, null),
        ("U8", 8, ScalarType.Byte),
        ("I8", 8, ScalarType.Int8),
        ("F8_E5M2", 8, null),
        ("F8_E4M3", 8, null),
        ("F8_E8M0", 8, null),
        ("I16", 16, ScalarType.Int16),
        ("U16", 16, null),
        ("F16", 16, ScalarType.Float16),
        ("BF16", 16, ScalarType.BFloat16),
        ("I32", 32, ScalarType.Int32),
        ("U32", 32, null),
        ("F32", 32, ScalarType.Float32),
        ("C64", 64, ScalarType.ComplexFloat32),
        ("F64", 64, ScalarType.Float64),
        ("I64", 64, ScalarType.Int64),
        ("U64", 64, null),
    ];

    /// <summary>The name in the header of a file.</summary>
    public static string FormatName(this SafetensorsDtype dtype) => Rows[(int)dtype].Name;

    /// <summary>Bits of one element.</summary>
    public static int Bits(this SafetensorsDtype dtype) => Rows[(int)dtype].Bits;

    /// <summary>The type of a tensor that holds such elements, or null where TorchSharp has none.</summary>
    public static ScalarType? TorchType(this SafetensorsDtype dtype) => Rows[(int)dtype].Torch;

    /// <summary>Finds a type by its name in the header of a file.</summary>
    public static SafetensorsDtype? Find(string formatName) => At(Array.FindIndex(Rows, r => r.Name == formatName));

    /// <summary>Finds the type that holds a tensor's elements.</summary>
    public static SafetensorsDtype? Find(ScalarType type) => At(Array.FindIndex(Rows, r => r.Torch == type));

    private static SafetensorsDtype? At(int row) => row < 0 ? null : (SafetensorsDtype)row;
}
