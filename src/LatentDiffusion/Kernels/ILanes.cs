namespace LatentDiffusion.Kernels;

/// <summary>
/// The floating-point operations of one vector register width. Kernels are written once over this interface; the JIT
/// compiles them for <see cref="Lanes256"/> (AVX2 with FMA) and <see cref="Lanes512"/> (AVX-512) without any call left.
/// </summary>
/// <typeparam name="TVector">The register.</typeparam>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Floats in one register.</summary>
    static abstract int Width { get; }

    /// <summary>Rows of the register tile of a matrix product, two registers wide: as many as the register file holds.</summary>
    static abstract int TileRows { get; }

    static abstract TVector Broadcast(float value);

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* target);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    static abstract TVector Divide(TVector a, TVector b);

    static abstract TVector SquareRoot(TVector a);

    static abstract TVector Max(TVector a, TVector b);

    static abstract TVector Min(TVector a, TVector b);

    /// <summary>a b + c with one rounding.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>2 to the power of the whole number that each lane of <paramref name="exponent"/> holds, -126 to 127.</summary>
    static abstract TVector PowerOfTwo(TVector exponent);

    static abstract TVector Round(TVector a);

    static abstract float Sum(TVector a);

    static abstract float Largest(TVector a);
}
