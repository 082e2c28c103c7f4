namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>The element types of the format, in the reference's alignment order: its writer puts the last ones first.</summary>
public enum SafetensorsDtype
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>MX float of 4 bits, packed.</summary>
    F4,

    /// <summary>MX float of 6 bits with 2 exponent bits, packed.</summary>
    F6E2M3,

    /// <summary>MX float of 6 bits with 3 exponent bits, packed.</summary>
    F6E3M2,

    /// <summary>Unsigned integer of 8 bits.</summary>
    U8,

    /// <summary>Signed integer of 8 bits.</summary>
    I8,

    /// <summary>Float of 8 bits with 5 exponent bits.</summary>
    F8E5M2,

    /// <summary>Float of 8 bits with 4 exponent bits.</summary>
    F8E4M3,

    /// <summary>Power of two of 8 bits, used as a scale.</summary>
    F8E8M0,

    /// <summary>Signed integer of 16 bits.</summary>
    I16,

    /// <summary>Unsigned integer of 16 bits.</summary>
    U16,

    /// <summary>IEEE half precision float.</summary>
    F16,

    /// <summary>Brain float: the upper half of an <see cref="F32"/>.</summary>
    BF16,

    /// <summary>Signed integer of 32 bits.</summary>
    I32,

    /// <summary>Unsigned integer of 32 bits.</summary>
    U32,

    /// <summary>IEEE single precision float.</summary>
    F32,

    /// <summary>Complex number of two <see cref="F32"/>.</summary>
    C64,

    /// <summary>IEEE double precision float.</summary>
    F64,

    /// <summary>Signed integer of 64 bits.</summary>
    I64,

    /// <summary>Unsigned integer of 64 bits.</summary>
    U64,
}
